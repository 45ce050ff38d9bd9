import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import { emitReadout } from '../model/netGraph.ts';
import type { Net, NetLayer, Readout } from '../model/readNet.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/recurrentNode.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { foldReadout } from './foldReadout.ts';

/** Gate functions with f(-v) = 1 - f(v). */
const symmetricGates = ['Sigmoid', 'HardSigmoid'];

/** Whether `gruAsLstmLoop` can run a net: one GRU layer with a tanh candidate, which keeps h within -1 and 1. */
export function hasLstmForm({ layers: [{ weights }, ...others] }: Net): boolean {
  const { cell, activations } = weights;
  return (
    others.length === 0 &&
    cell === 'gru' &&
    symmetricGates.includes(activations[0].name) &&
    activations[1].name === 'Tanh'
  );
}

/** The closed loop of a one-layer GRU with lag 1 as one LSTM node with two phases a sample (`lstmOfGru`): the graph has no loop. */
export const gruAsLstmLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const [layer] = net.layers;
  const { units } = layer.weights;
  const name = `loop/${layer.name}`;
  const zero = builder.integers([0]);
  const weights = lstmOfGru(layer, net.readout);
  const [{ h: first }] = prompt.states;
  // P's initial state has no effect: its h meets a closed gate, its c is dropped.
  const both = builder.single(
    'loop/start',
    'Concat',
    [first, first],
    { shape: [1, 'batch', 2 * units] },
    axis(2),
  );
  const run = emitRecurrent(builder, {
    name,
    directions: [weights],
    constants: recurrentConstants(builder, name, [weights]),
    x: phaseInput(builder, start),
    states: { h: both, c: both },
  });
  // Q's half of every second phase.
  const second = builder.single(
    'loop/second',
    'Slice',
    [
      run.y,
      builder.integers([1, units]),
      builder.integers([INT_MAX_SLICE_END, INT_MAX_SLICE_END]),
      builder.integers([0, 3]),
      builder.integers([2, 1]),
    ],
    { shape: ['fed', 1, 'batch', units] },
  );
  const y = builder.single(`${name}/squeeze`, 'Squeeze', [second, builder.integers([1])], {
    shape: ['fed', 'batch', units],
    timeMajor: true,
  });
  const h = builder.single(
    'loop/h',
    'Concat',
    [first, y],
    { shape: ['run', 'batch', units], timeMajor: true },
    axis(0),
  );
  const wanted = builder.single('loop/wanted', 'Slice', [h, zero, samples, zero], {
    shape: ['samples', 'batch', units],
    timeMajor: true,
  });
  const last = builder.single(
    'loop/last_h',
    'Slice',
    [h, builder.integers([-1]), builder.integers([INT_MAX_SLICE_END]), zero],
    { shape: [1, 'batch', units] },
  );
  return { y: emitReadout(builder, net, constants, '', wanted), states: [{ h: last }] };
};

/** 1, 0, 1, 0, ... for each fed sample, [2 fed, batch, 1]. The prompt's last output is the first sample, so one less is fed. */
function phaseInput(builder: GraphBuilder, { samples, batch }: LoopStart): Value {
  const [zero, one] = [builder.integers([0]), builder.integers([1])];
  const int64 = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Sub', [samples, one], int64([1]));
  const fed = builder.single('loop/fed', 'Max', [more, zero], int64([1]));
  const pair = builder.constant(floatTensor('loop/pair', [1, 2, 1, 1], Float32Array.of(1, 0)));
  const shape = builder.single('loop/shape', 'Concat', [fed, one, batch, one], int64([4]), axis(0));
  const pairs = builder.single('loop/pairs', 'Expand', [pair, shape], { shape: ['fed', 2, 'batch', 1] });
  const length = builder.single('loop/length', 'Mul', [fed, builder.integers([2])], int64([1]));
  const flat = builder.single('loop/flat', 'Concat', [length, batch, one], int64([3]), axis(0));
  return builder.single('loop/beats', 'Reshape', [pairs, flat], {
    shape: ['beats', 'batch', 1],
    timeMajor: true,
  });
}

/** ONNX's gate order of an LSTM. */
const [inputGate, outputGate, forgetGate, candidateGate] = [0, 1, 2, 3];

/** So small that tanh(s v) is s v in float32, and a power of two, so that scaling is exact. */
const SMALL = 2 ** -16;

/**
 * Scales s v back to v. ONNX Runtime's tanh is a quotient of polynomials whose first coefficients are off by 2^-23 relative,
 * so near 0 it is too small by that factor: over 200 samples of a fitted net the error was 1.6e-5 without this factor and is 1.2e-6 with it.
 */
const LARGE = (1 + 2 ** -23) / SMALL;

/** A sigmoid of this or more is 0 or 1 in float32. */
const SATURATED = 40;

/**
 * The closed loop of a one-layer GRU as an LSTM of twice the units that takes two phases a sample. (The closed loop of a GRU is not
 * a GRU: its candidate takes W x + r (R h), and with x = V h + c that is two products of h.)
 *
 * The second half of the units, Q, holds the GRU's h, in c and in h. The first half, P, holds one product:
 *
 *   phase 1:  P  h = r s u, by o = r and c = tanh(s u), s tiny;  u = R h + b (h itself where the reset gate applies before the product)
 *             Q  unchanged: i = 0, f = 1
 *   phase 2:  Q  c = z h + (1 - z) n, by f = z, i = 1 - z, n = tanh(W V h + b + P / s)
 *
 * The single input is 1 in phase 1 and 0 in phase 2. The activation of h is the identity: h = o c. Needs gates with
 * f(-v) = 1 - f(v) and a tanh candidate.
 *
 * @returns an LSTM of one feature
 */
function lstmOfGru(layer: NetLayer, readout: Readout): RecurrentWeights {
  const { kernel: fed, bias: fedBias } = foldReadout(layer, readout).weights;
  const { units, recurrentKernel, linearBeforeReset, activations } = layer.weights;
  const noBias = new Float32Array(3 * units);
  const bias = fedBias ?? noBias;
  const recurrentBias = layer.weights.recurrentBias ?? noBias;
  const lstm = new GateWriter(2 * units);
  const saturated = SATURATED + 2 * maxGateSum(units, recurrentKernel, fed, bias, recurrentBias);
  for (let unit = 0; unit < units; unit++) {
    const [p, q] = [unit, units + unit];
    const [z, r, n] = [unit, units + unit, 2 * units + unit];
    lstm.bias(inputGate, p, SATURATED);
    lstm.bias(forgetGate, p, -SATURATED);
    lstm.bias(outputGate, p, bias[r] + recurrentBias[r]);
    lstm.bias(outputGate, q, SATURATED);
    for (const [gate, sign] of [
      [inputGate, -1],
      [forgetGate, 1],
    ]) {
      lstm.bias(gate, q, sign * (bias[z] + recurrentBias[z]));
      lstm.input(gate, q, sign * saturated);
    }
    lstm.bias(candidateGate, p, linearBeforeReset ? SMALL * recurrentBias[n] : 0);
    lstm.bias(candidateGate, q, linearBeforeReset ? bias[n] : bias[n] + recurrentBias[n]);
    lstm.recurrent(
      candidateGate,
      linearBeforeReset ? q : p,
      linearBeforeReset ? p : q,
      linearBeforeReset ? LARGE : SMALL,
    );
    for (let from = 0; from < units; from++) {
      const h = units + from;
      const update = recurrentKernel[z * units + from] + fed[z * units + from];
      const product = recurrentKernel[n * units + from];
      lstm.recurrent(outputGate, p, h, recurrentKernel[r * units + from] + fed[r * units + from]);
      lstm.recurrent(inputGate, q, h, -update);
      lstm.recurrent(forgetGate, q, h, update);
      lstm.recurrent(candidateGate, q, h, fed[n * units + from]);
      if (linearBeforeReset) lstm.recurrent(candidateGate, p, h, SMALL * product);
      else lstm.recurrent(candidateGate, q, from, product * LARGE);
    }
  }
  const [gates, candidate] = activations;
  return { ...lstm.weights(), activations: [gates, candidate, { name: 'Affine', alpha: 1, beta: 0 }] };
}

/** Upper bound of a gate's sum for |h| <= 1, so that no sum opens a gate that the phase closes. */
function maxGateSum(units: number, ...parts: readonly Float32Array[]): number {
  const [recurrent, fed, bias, recurrentBias] = parts;
  let most = 0;
  for (let row = 0; row < units; row++) {
    let sum = Math.abs(bias[row]) + Math.abs(recurrentBias[row]);
    for (let at = row * units; at < (row + 1) * units; at++) sum += Math.abs(recurrent[at] + fed[at]);
    most = Math.max(most, sum);
  }
  return most;
}

/** Weights of an LSTM with one feature, set value by value. */
class GateWriter {
  private readonly units: number;
  private readonly kernel: Float32Array;
  private readonly matrix: Float32Array;
  private readonly biases: Float32Array;

  constructor(units: number) {
    this.units = units;
    this.kernel = new Float32Array(4 * units);
    this.matrix = new Float32Array(4 * units * units);
    this.biases = new Float32Array(4 * units);
  }

  input(gate: number, unit: number, value: number): void {
    this.kernel[gate * this.units + unit] = value;
  }

  recurrent(gate: number, unit: number, from: number, value: number): void {
    this.matrix[(gate * this.units + unit) * this.units + from] = value;
  }

  bias(gate: number, unit: number, value: number): void {
    this.biases[gate * this.units + unit] = value;
  }

  weights(): Omit<RecurrentWeights, 'activations'> {
    return {
      cell: 'lstm',
      features: 1,
      units: this.units,
      kernel: this.kernel,
      recurrentKernel: this.matrix,
      bias: this.biases,
      recurrentBias: null,
      linearBeforeReset: false,
    };
  }
}
