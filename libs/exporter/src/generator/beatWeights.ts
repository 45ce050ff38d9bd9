import type { NetLayer, Readout } from '../net/net.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { foldReadout } from './fold.ts';

/** Of an lstm: where each gate stands in ONNX's order. */
const [inputGate, outputGate, forgetGate, candidateGate] = [0, 1, 2, 3];

/** Small enough that tanh(s v) is s v to the last bit of a float32, and a power of two, so that it takes no digit. */
const SMALL = 2 ** -16;

/**
 * What brings s v back to v. ONNX Runtime's tanh is a quotient of polynomials whose first coefficients are off by 2^-23 of their size,
 * so near 0 it gives that much less than its argument, always: over 200 samples of a fitted net that made 1.6e-5, without it 1.2e-6.
 */
const LARGE = (1 + 2 ** -23) / SMALL;

/** A gate's sum from which on a sigmoid is 0 or 1 to the last bit. */
const SHUT = 40;

/**
 * The closed loop of a one-layer gru as an lstm of twice the units that takes two beats a sample. (A gru's closed loop is not a gru:
 * its candidate sees W x + r (R h), and with x = V h + c that is two products of h, not one.)
 *
 * The second half of the units, Q, holds the gru's h, in c and in h. The first half, P, is a place for one product:
 *
 *   beat 1:  P  h = r s u, by o = r and c = tanh(s u), s tiny;  u = R h + b (h itself where the reset comes before the product)
 *            Q  kept: i = 0, f = 1
 *   beat 2:  Q  c = z h + (1 - z) n, by f = z, i = 1 - z, n = tanh(W V h + b + P / s)
 *
 * The one input is 1 in the first beat and 0 in the second. The activation of h is none: h = o c. Needs gates of which
 * f(-v) = 1 - f(v) and a candidate of tanh.
 *
 * @returns the lstm, of one feature
 */
export function beatWeights(layer: NetLayer, readout: Readout): RecurrentWeights {
  const { kernel: fed, bias: fedBias } = foldReadout(layer, readout).weights;
  const { units, recurrentKernel, linearBeforeReset, activations } = layer.weights;
  const noBias = new Float32Array(3 * units);
  const bias = fedBias ?? noBias;
  const recurrentBias = layer.weights.recurrentBias ?? noBias;
  const lstm = new GateWriter(2 * units);
  const shut = SHUT + 2 * longestRow(units, recurrentKernel, fed, bias, recurrentBias);
  for (let unit = 0; unit < units; unit++) {
    const [p, q] = [unit, units + unit];
    const [z, r, n] = [unit, units + unit, 2 * units + unit];
    lstm.bias(inputGate, p, SHUT);
    lstm.bias(forgetGate, p, -SHUT);
    lstm.bias(outputGate, p, bias[r] + recurrentBias[r]);
    lstm.bias(outputGate, q, SHUT);
    for (const [gate, sign] of [
      [inputGate, -1],
      [forgetGate, 1],
    ]) {
      lstm.bias(gate, q, sign * (bias[z] + recurrentBias[z]));
      lstm.input(gate, q, sign * shut);
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

/** The most that a gate's sum can be for values of h up to 1, so that no sum opens a gate that the beat shuts. */
function longestRow(units: number, ...parts: readonly Float32Array[]): number {
  const [recurrent, fed, bias, recurrentBias] = parts;
  let most = 0;
  for (let row = 0; row < units; row++) {
    let sum = Math.abs(bias[row]) + Math.abs(recurrentBias[row]);
    for (let at = row * units; at < (row + 1) * units; at++) sum += Math.abs(recurrent[at] + fed[at]);
    most = Math.max(most, sum);
  }
  return most;
}

/** Weights of an lstm of one feature, written value by value. */
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
