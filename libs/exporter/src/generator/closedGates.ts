import { foldReadout } from './fold.ts';
import type { NetLayer, Readout } from '../net/net.ts';
import type { Activation } from '../recurrent/recurrentWeights.ts';

/** Columns that h is multiplied with: kernel [units, width], row-major, and bias [width]. */
export interface Columns {
  readonly width: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** The gates of a one-layer net in its closed loop, as functions of h alone. */
export interface ClosedGates {
  readonly units: number;
  readonly outputs: number;
  /** rnn h; lstm i, o, f, g; gru z, r and two parts of its candidate. */
  readonly parts: readonly Columns[];
  /**
   * Of a gru, what its candidate takes of the two parts. `input`: the parts are u = R h + b, which the reset gate multiplies, and
   * (x, 1), which this kernel [outputs + 1, units] is for. `recurrent`: the reset comes before the product, this kernel [units, units]
   * is R, and the one part is what comes by x, the read-out folded in.
   */
  readonly candidate: { readonly kind: 'input' | 'recurrent'; readonly kernel: Float32Array } | null;
  readonly activations: readonly Activation[];
}

/** Sums of gates that h and x both go to are one matrix: with x = V h + c, W x + R h + b = (R + W V) h + (b + W c). */
export function closedGates(layer: NetLayer, readout: Readout): ClosedGates {
  const { cell, units, kernel, bias, recurrentKernel, recurrentBias, activations, linearBeforeReset } =
    layer.weights;
  const fed = foldReadout(layer, readout).weights;
  const outputs = readout.bias.length;
  const block = (matrix: Float32Array, biases: Float32Array | null, gate: number): Columns => ({
    width: units,
    kernel: turned(matrix.subarray(gate * units * units, (gate + 1) * units * units), units),
    bias: biases?.subarray(gate * units, (gate + 1) * units) ?? new Float32Array(units),
  });
  const input = (gate: number): Columns => block(fed.kernel, fed.bias, gate);
  const recurrent = (gate: number): Columns => block(recurrentKernel, recurrentBias, gate);
  const whole = (gate: number): Columns => sum(input(gate), recurrent(gate));
  const common = { units, outputs, activations, candidate: null };
  if (cell === 'rnn') return { ...common, parts: [whole(0)] };
  if (cell === 'lstm') return { ...common, parts: [0, 1, 2, 3].map(whole) };
  if (!linearBeforeReset) {
    const after = recurrent(2);
    const biased = { ...input(2), bias: sum(input(2), after).bias };
    const candidate = { kind: 'recurrent', kernel: after.kernel } as const;
    return { ...common, parts: [whole(0), whole(1), biased], candidate };
  }
  const rows = kernel.subarray(2 * units * outputs);
  const last = bias?.subarray(2 * units) ?? new Float32Array(units);
  const candidate = {
    kind: 'input',
    kernel: Float32Array.from([...turned(rows, outputs), ...last]),
  } as const;
  return { ...common, parts: [whole(0), whole(1), recurrent(2), fedBack(readout, units)], candidate };
}

/** The read-out, and a column that gives 1, for what is added to every product with x. */
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
function turned(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]);
}

function sum(a: Columns, b: Columns): Columns {
  return {
    width: a.width,
    kernel: a.kernel.map((value, index) => value + b.kernel[index]),
    bias: a.bias.map((value, index) => value + b.bias[index]),
  };
}
