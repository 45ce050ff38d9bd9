import type { CellKind } from '@onda/contract';
import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis } from '../graph/ops.ts';
import { emitIf } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout } from '../model/netGraph.ts';
import type { NetLayer, Readout } from '../model/readNet.ts';
import { emitFunction } from '../recurrent/recurrentActivations.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';
import type { Activation } from '../recurrent/recurrentActivations.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { fedCount, listStates, scanRows, statesOfList } from './closedLoop.ts';
import { foldReadout } from './foldReadout.ts';

/**
 * The closed loop of a one-layer net with lag 1: a Scan whose body is the cell as Gemm and element-wise nodes. Each pass reads out the
 * h that it starts from, so only the values of each sample are kept; keeping h took a third of the time for large batches.
 */
export const cellLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const { fed, more } = fedCount(builder, samples);
  const readout = (inner: GraphBuilder, h: Value): Value =>
    emitReadout(inner, net, constants, 'loop/last/', { ...h, timeMajor: true });
  const [y, ...states] = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const run = scanCell(inner, start, fed);
      const shape = ['samples', 'batch', net.spec.outputs];
      const last = readout(inner, run.states[0].h);
      const all = inner.single('loop/all', 'Concat', [run.y, last], { shape, timeMajor: true }, axis(0));
      return [all, ...listStates(run.states)];
    },
    (inner) => {
      const zero = inner.integers([0]);
      const few = { shape: ['few', 'batch', net.spec.outputs], timeMajor: true };
      const first = readout(inner, prompt.states[0].h);
      const wanted = inner.single('loop/wanted', 'Slice', [first, zero, samples, zero], few);
      return [wanted, ...listStates(prompt.states)];
    },
  );
  return { y, states: statesOfList(states, prompt.states) };
};

/** The Scan, with the values read out before each fed sample, [fed, batch, outputs]. */
function scanCell(
  builder: GraphBuilder,
  { net, prompt }: LoopStart,
  fed: Value,
): { y: Value; states: RecurrentStates[] } {
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  const { outputs: all, states } = scanRows(builder, prompt.states, ticks, (inner, rows) => {
    const [before] = statesOfList(rows, prompt.states);
    const next = closedCell(inner, net.layers[0], net.readout, before);
    return { states: [next.states], output: next.y };
  });
  const read = { ...all, timeMajor: true };
  const { outputs } = net.spec;
  const y =
    read.shape[2] === outputs
      ? read
      : builder.single(
          'loop/read',
          'Slice',
          [read, builder.integers([0]), builder.integers([outputs]), builder.integers([2])],
          {
            shape: ['fed', 'batch', outputs],
            timeMajor: true,
          },
        );
  return { y, states };
}

/** States of the only layer, [batch, units]; c for an LSTM. */
interface CellRows {
  readonly h: Value;
  readonly c?: Value | undefined;
}

/**
 * Adds one sample of the closed loop of a one-layer net as plain nodes. The read-out is folded into the products of h. For larger batches
 * this is faster than the RNN, LSTM or GRU node, whose kernels cost 2 us a call.
 *
 * @param body of the Scan
 * @returns the states after the sample, and y [batch, outputs or more], whose first columns are the values read out before the sample
 */
function closedCell(
  body: GraphBuilder,
  layer: NetLayer,
  readout: Readout,
  states: CellRows,
): { states: CellRows; y: Value } {
  const cell = new CellBuilder(body, `loop/${layer.name}`, closedGates(layer, readout));
  const { x, ...after }: CellRun = cells[layer.weights.cell](cell, states);
  return { states: after, y: x ?? cell.readout(states.h, readout) };
}

/** States after a sample, and (x, 1) where the cell computes it. */
type CellRun = CellRows & { readonly x?: Value };

const cells = {
  /** h' = act(A h) */
  rnn: (cell, { h }) => {
    const [sum] = cell.parts(h);
    return { h: cell.activate('', 0, sum) };
  },
  /** c' = f c + i g, h' = o act(c') */
  lstm: (cell, { h, c }) => {
    const [i, o, f, g] = cell.parts(h);
    const kept = cell.node('kept', 'Mul', [cell.activate('forget', 0, f), c as Value]);
    const added = cell.node('added', 'Mul', [cell.activate('input', 0, i), cell.activate('candidate', 1, g)]);
    const next = cell.node('c', 'Add', [kept, added]);
    const shown = cell.activate('shown', 2, next);
    return { h: cell.node('', 'Mul', [cell.activate('output', 0, o), shown]), c: next };
  },
  /** n = act(W x + r u), where u = R h, or n = act(R (r h) + w), where w is W x; then h' = n + z (h - n) */
  gru: (cell, { h }) => {
    const [z, r, part, x] = cell.parts(h);
    const reset = cell.activate('reset', 0, r);
    const byInput = cell.gates.candidate?.kind === 'input';
    const sum = byInput
      ? cell.candidate(x, cell.node('reset_product', 'Mul', [reset, part]))
      : cell.candidate(cell.node('reset_h', 'Mul', [reset, h]), part);
    const candidate = cell.activate('candidate', 1, sum);
    const away = cell.node('away', 'Sub', [h, candidate]);
    const kept = cell.node('kept', 'Mul', [cell.activate('update', 0, z), away]);
    const next = { h: cell.node('', 'Add', [candidate, kept]) };
    return byInput ? { ...next, x } : next;
  },
} satisfies Record<CellKind, (cell: CellBuilder, states: CellRows) => CellRun>;

/**
 * Adds the nodes of one cell. Weights are initializers of the body itself: ONNX Runtime does not prepack those of graphs two levels out.
 */
class CellBuilder {
  readonly gates: ClosedGates;
  private readonly body: GraphBuilder;
  private readonly name: string;

  constructor(body: GraphBuilder, name: string, gates: ClosedGates) {
    this.body = body;
    this.name = name;
    this.gates = gates;
  }

  /** One Gemm per gate. A single Gemm would need a Split, which costs more for batches of two and more. */
  parts(h: Value): Value[] {
    const { units, parts } = this.gates;
    return parts.map((part, index) => {
      const name = `gates/${index}`;
      const weights = [
        this.constant(`${name}/kernel`, [units, part.width], part.kernel),
        this.constant(`${name}/bias`, [part.width], part.bias),
      ];
      return this.body.single(`${this.name}/${name}`, 'Gemm', [h, ...weights], {
        shape: [h.shape[0], part.width],
      });
    });
  }

  /** The read-out of h. */
  readout(h: Value, { kernel, bias }: Readout): Value {
    const outputs = bias.length;
    const weights = [
      this.constant('readout/kernel', [this.gates.units, outputs], kernel),
      this.constant('readout/bias', [outputs], bias),
    ];
    return this.body.single(`${this.name}/readout`, 'Gemm', [h, ...weights], {
      shape: [h.shape[0], outputs],
    });
  }

  /** A GRU's candidate before its activation: value kernel + addend. */
  candidate(value: Value, addend: Value): Value {
    const { units, candidate } = this.gates;
    const kernel = candidate?.kernel ?? new Float32Array();
    const weights = this.constant('candidate/kernel', [kernel.length / units, units], kernel);
    return this.body.single(`${this.name}/sum`, 'Gemm', [value, weights, addend], addend);
  }

  node(part: string, op: string, inputs: readonly [Value, ...Value[]]): Value {
    return this.body.single(this.named(part), op, inputs, inputs[0]);
  }

  /** @param index into the operator's activation list */
  activate(part: string, index: number, value: Value): Value {
    return emitFunction(this.body, this.named(part), this.gates.activations[index], value);
  }

  private named(part: string): string {
    return part === '' ? this.name : `${this.name}/${part}`;
  }

  private constant(part: string, dims: readonly number[], data: Float32Array): string {
    return this.body.ownConstant(floatTensor(`${this.name}/${part}`, dims, data));
  }
}

/** Weights applied to h: kernel [units, width], row-major, and bias [width]. */
interface Columns {
  readonly width: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** The gates of a one-layer net in closed loop, as functions of h alone. */
interface ClosedGates {
  readonly units: number;
  readonly outputs: number;
  /** RNN: h. LSTM: i, o, f, g. GRU: z, r and two parts of its candidate. */
  readonly parts: readonly Columns[];
  /**
   * How a GRU's candidate uses the two parts. `input`: the parts are u = R h + b, which the reset gate multiplies, and
   * (x, 1), multiplied by this kernel [outputs + 1, units]. `recurrent`: the reset gate applies before the product, this kernel
   * [units, units] is R, and the single part is W x with the read-out folded in.
   */
  readonly candidate: { readonly kind: 'input' | 'recurrent'; readonly kernel: Float32Array } | null;
  readonly activations: readonly Activation[];
}

/** Gates that take h and x become one matrix: with x = V h + c, W x + R h + b = (R + W V) h + (b + W c). */
function closedGates(layer: NetLayer, readout: Readout): ClosedGates {
  const { cell, units, kernel, bias, recurrentKernel, recurrentBias, activations, linearBeforeReset } =
    layer.weights;
  const fed = foldReadout(layer, readout).weights;
  const outputs = readout.bias.length;
  const block = (matrix: Float32Array, biases: Float32Array | null, gate: number): Columns => ({
    width: units,
    kernel: transposeMatrix(matrix.subarray(gate * units * units, (gate + 1) * units * units), units),
    bias: biases?.subarray(gate * units, (gate + 1) * units) ?? new Float32Array(units),
  });
  const input = (gate: number): Columns => block(fed.kernel, fed.bias, gate);
  const recurrent = (gate: number): Columns => block(recurrentKernel, recurrentBias, gate);
  const whole = (gate: number): Columns => addColumns(input(gate), recurrent(gate));
  const common = { units, outputs, activations, candidate: null };
  if (cell === 'rnn') return { ...common, parts: [whole(0)] };
  if (cell === 'lstm') return { ...common, parts: [0, 1, 2, 3].map(whole) };
  if (!linearBeforeReset) {
    const after = recurrent(2);
    const biased = { ...input(2), bias: addColumns(input(2), after).bias };
    const candidate = { kind: 'recurrent', kernel: after.kernel } as const;
    return { ...common, parts: [whole(0), whole(1), biased], candidate };
  }
  const rows = kernel.subarray(2 * units * outputs);
  const last = bias?.subarray(2 * units) ?? new Float32Array(units);
  const candidate = {
    kind: 'input',
    kernel: Float32Array.from([...transposeMatrix(rows, outputs), ...last]),
  } as const;
  return { ...common, parts: [whole(0), whole(1), recurrent(2), fedBack(readout, units)], candidate };
}

/** The read-out with an extra column of constant 1, for the bias of the product with x. */
function fedBack({ kernel, bias }: Readout, units: number): Columns {
  const outputs = bias.length;
  const width = outputs + 1;
  const columns = new Float32Array(units * width);
  for (let unit = 0; unit < units; unit++) {
    columns.set(kernel.subarray(unit * outputs, (unit + 1) * outputs), unit * width);
  }
  return { width, kernel: columns, bias: Float32Array.of(...bias, 1) };
}

/** [rows, columns] ---> [columns, rows] */
function transposeMatrix(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]);
}

function addColumns(a: Columns, b: Columns): Columns {
  return {
    width: a.width,
    kernel: a.kernel.map((value, index) => value + b.kernel[index]),
    bias: a.bias.map((value, index) => value + b.bias[index]),
  };
}
