import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, emitZeros, reverseTime } from '../graph/ops.ts';
import { emitScan } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import { emitActivationOf } from '../layers/activations.ts';
import type { RecurrentNode, RecurrentRun } from './recurrentNode.ts';
import type { ComposedActivations } from './recurrentActivations.ts';
import type { RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';

/**
 * A recurrent layer with activations that no ONNX operator has: one Scan over plain nodes for each direction. The input products
 * are computed for all samples before the Scan. Weights, outputs and states are those of `emitRecurrent`.
 */
export function emitScanned(
  builder: GraphBuilder,
  node: Omit<RecurrentNode, 'constants' | 'counted'>,
): RecurrentRun {
  const { name, directions, reverse = false, states } = node;
  const runs = directions.map((weights, index) => {
    const own = directions.length === 1 ? name : `${name}/${index === 0 ? 'forward' : 'backward'}`;
    const start = (state: 'h' | 'c'): Value | undefined =>
      states?.[state] &&
      stateOfDirection(builder, `${own}/initial_${state}`, states[state], index, directions.length);
    return scanDirection(builder, own, weights, node.x, reverse || index === 1, start);
  });
  const joined = (part: 'y' | 'h' | 'c', place: number): Value => {
    const values = runs.map((run) => run[part] as Value);
    if (values.length === 1) return values[0];
    const shape = values[0].shape.map((dim, at) => (at === place ? values.length : dim));
    return builder.single(`${name}/both_${part}`, 'Concat', values, { shape }, axis(place));
  };
  const h = joined('h', 0);
  return { y: joined('y', 1), states: directions[0].cell === 'lstm' ? { h, c: joined('c', 0) } : { h } };
}

/** One direction of states [directions, batch, units], as [batch, units]. */
function stateOfDirection(
  builder: GraphBuilder,
  name: string,
  value: Value,
  index: number,
  count: number,
): Value {
  const shape = value.shape.slice(1);
  if (count === 1) return builder.single(name, 'Squeeze', [value, builder.integers([0])], { shape });
  return builder.single(name, 'Gather', [value, builder.integer(index)], { shape }, axis(0));
}

interface Run {
  readonly y: Value;
  readonly h: Value;
  readonly c: Value | null;
}

function scanDirection(
  builder: GraphBuilder,
  name: string,
  weights: RecurrentWeights,
  given: Value,
  backward: boolean,
  start: (state: 'h' | 'c') => Value | undefined,
): Run {
  const { cell, units, features, kernel } = weights;
  const columns = gateCounts[cell] * units;
  const [time, batch] = given.shape;
  const x = backward ? reverseTime(builder, `${name}/x_reversed`, given) : given;
  const like = { shape: [time, batch, columns] };
  const constant = (part: string, dims: number[], make: () => Float32Array): string =>
    builder.shared(`${name}/${part}`, () => floatTensor(`${name}/${part}`, dims, make()));
  const W = constant('W', [features, columns], () => transpose(kernel, columns, features));
  const products = builder.single(`${name}/products`, 'MatMul', [x, W], like);
  const B = inputBias(weights);
  const entries =
    B === null
      ? products
      : builder.single(`${name}/biased`, 'Add', [products, constant('B', [columns], () => B)], like);
  const step = new ScannedCell(weights, name, constant);
  const zeros = (): Value =>
    builder.once(`${name}/zeros`, () => emitZeros(builder, `${name}/zeros`, x, [units]));
  const initial = (cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const)).map(
    (state) => start(state) ?? zeros(),
  );
  const { states, outputs } = emitScan(builder, name, initial, entries, (inner, before, entry) => {
    const next = step.emit(inner, entry, before[0], before.at(1));
    return { states: next, output: next[0] };
  });
  const inOrder = backward ? reverseTime(builder, `${name}/y_reversed`, outputs) : outputs;
  const raised = (value: Value, place: number, part: string): Value =>
    builder.single(`${name}/${part}`, 'Unsqueeze', [value, builder.integers([place])], {
      shape: value.shape.toSpliced(place, 0, 1),
    });
  return {
    y: raised(inOrder, 1, 'y'),
    h: raised(states[0], 0, 'last_h'),
    c: states.length > 1 ? raised(states[1], 0, 'last_c') : null,
  };
}

/** The sum of both biases, without the recurrent bias of a GRU's candidate, which is inside the reset gate. */
function inputBias({ cell, units, bias, recurrentBias }: RecurrentWeights): Float32Array | null {
  if (bias === null) return null;
  const inside = cell === 'gru' ? 2 * units : bias.length;
  return bias.map((value, index) => value + (index < inside ? (recurrentBias?.[index] ?? 0) : 0));
}

/** Adds a constant of the layer; returns its name. */
type Constants = (part: string, dims: number[], make: () => Float32Array) => string;

/**
 * One step of a cell as plain nodes; e is the input's contribution to all gates, in ONNX's order.
 *
 *   rnn   h' = f(e + h R)
 *   lstm  c' = g(e_f + h R_f) c + g(e_i + h R_i) f(e_c + h R_c),  h' = g(e_o + h R_o) f(c')
 *   gru   h' = z h + (1 - z) n,  n = f(e_h + (r h) R_h), or f(e_h + r (h R_h + b_h)) with reset_after
 */
class ScannedCell {
  private readonly weights: RecurrentWeights;
  private readonly name: string;
  private readonly names: ComposedActivations;
  private readonly constants: Readonly<Record<'all' | 'gates' | 'candidate' | 'inside', string>>;

  constructor(weights: RecurrentWeights, name: string, constant: Constants) {
    const { cell, units, recurrentKernel, recurrentBias, linearBeforeReset, composed } = weights;
    this.weights = weights;
    this.name = name;
    this.names = composed ?? { gates: null, values: 'linear' };
    const rows = (part: string, from: number, to: number): string =>
      constant(part, [units, to - from], () =>
        transpose(recurrentKernel.subarray(from * units, to * units), to - from, units),
      );
    const gru = cell === 'gru';
    this.constants = {
      all: gru ? '' : rows('R', 0, recurrentKernel.length / units),
      gates: gru ? rows('R_gates', 0, 2 * units) : '',
      candidate: gru ? rows('R_candidate', 2 * units, 3 * units) : '',
      inside:
        linearBeforeReset && recurrentBias !== null
          ? constant('B_inside', [units], () => recurrentBias.slice(2 * units))
          : '',
    };
  }

  /** @returns the next h, and the next c of an LSTM */
  emit(inner: GraphBuilder, entry: Value, h: Value, c: Value | undefined): Value[] {
    const { cell } = this.weights;
    if (cell === 'gru') return [this.gru(inner, entry, h)];
    const sums = this.op(
      inner,
      'sums',
      'Add',
      [entry, this.op(inner, 'recurrent', 'MatMul', [h, this.constants.all], entry)],
      entry,
    );
    return cell === 'rnn' || c === undefined
      ? [this.value(inner, 'next_h', sums)]
      : this.lstm(inner, sums, h, c);
  }

  private lstm(inner: GraphBuilder, sums: Value, h: Value, c: Value): Value[] {
    const [i, o, f, g] = this.split(inner, sums, h, [1, 1, 1, 1], 'parts');
    const kept = this.op(inner, 'kept', 'Mul', [this.gate(inner, 'gate_f', f), c], h);
    const added = this.op(
      inner,
      'added',
      'Mul',
      [this.gate(inner, 'gate_i', i), this.value(inner, 'candidate', g)],
      h,
    );
    const next = this.op(inner, 'next_c', 'Add', [kept, added], h);
    const shown = this.value(inner, 'shown', next);
    return [this.op(inner, 'next_h', 'Mul', [this.gate(inner, 'gate_o', o), shown], h), next];
  }

  private gru(inner: GraphBuilder, entry: Value, h: Value): Value {
    const [ofGates, ofCandidate] = this.split(inner, entry, h, [2, 1], 'parts');
    const recurrent = this.op(inner, 'recurrent', 'MatMul', [h, this.constants.gates], ofGates);
    const sums = this.op(inner, 'sums', 'Add', [ofGates, recurrent], ofGates);
    // Gate by gate: an activation may normalize over a gate's units.
    const [z, r] = this.split(inner, sums, h, [1, 1], 'gates').map((part, index) =>
      this.gate(inner, `gate_${'zr'[index]}`, part),
    );
    const candidate = this.value(
      inner,
      'candidate',
      this.op(inner, 'candidate_sum', 'Add', [ofCandidate, this.inside(inner, r, h)], h),
    );
    const apart = this.op(inner, 'apart', 'Sub', [h, candidate], h);
    return this.op(inner, 'next_h', 'Add', [candidate, this.op(inner, 'kept', 'Mul', [z, apart], h)], h);
  }

  /** The state's contribution to a GRU's candidate. */
  private inside(inner: GraphBuilder, r: Value, h: Value): Value {
    const { candidate, inside } = this.constants;
    if (!this.weights.linearBeforeReset) {
      const reset = this.op(inner, 'reset', 'Mul', [r, h], h);
      return this.op(inner, 'inside', 'MatMul', [reset, candidate], h);
    }
    const product = this.op(inner, 'product', 'MatMul', [h, candidate], h);
    const biased = inside === '' ? product : this.op(inner, 'biased', 'Add', [product, inside], h);
    return this.op(inner, 'inside', 'Mul', [r, biased], h);
  }

  private op(inner: GraphBuilder, part: string, op: string, inputs: (Value | string)[], like: Value): Value {
    return inner.single(`${this.name}/${part}`, op, inputs, { shape: like.shape });
  }

  private split(
    inner: GraphBuilder,
    value: Value,
    h: Value,
    sizes: readonly number[],
    part: string,
  ): Value[] {
    const { units } = this.weights;
    return inner.node({
      name: `${this.name}/${part}`,
      op: 'Split',
      inputs: [value, inner.integers(sizes.map((size) => size * units))],
      outputs: sizes.map((size, index) => ({ part: String(index), shape: [h.shape[0], size * units] })),
      attributes: axis(1),
    });
  }

  private gate(inner: GraphBuilder, part: string, value: Value): Value {
    return emitActivationOf(inner, `${this.name}/${part}`, value, this.names.gates ?? 'linear');
  }

  private value(inner: GraphBuilder, part: string, value: Value): Value {
    return emitActivationOf(inner, `${this.name}/${part}`, value, this.names.values);
  }
}

/** [rows, columns] ---> [columns, rows] */
function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)],
  );
}
