import { floatTensor } from '@onda/onnx';
import { axis } from '../graph/axis.ts';
import { emitScan } from '../graph/emitScan.ts';
import { emitZeros } from '../graph/emitZeros.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { reversedInTime } from '../graph/reversedInTime.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentNode, RecurrentRun } from './emitRecurrent.ts';
import type { RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';
import { ScannedCell } from './scannedCell.ts';
import { turned } from './turned.ts';

/**
 * A recurrent layer whose activations no operator of ONNX has: a Scan over the cell's own nodes, one for each direction. The products with
 * its input are one for all samples, before the Scan. Weights, values and states are as `emitRecurrent` has them.
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
      directionOf(builder, `${own}/initial_${state}`, states[state], index, directions.length);
    return scan(builder, own, weights, node.x, reverse || index === 1, start);
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
function directionOf(builder: GraphBuilder, name: string, value: Value, index: number, count: number): Value {
  const shape = value.shape.slice(1);
  if (count === 1) return builder.single(name, 'Squeeze', [value, builder.integers([0])], { shape });
  return builder.single(name, 'Gather', [value, builder.integer(index)], { shape }, axis(0));
}

interface Run {
  readonly y: Value;
  readonly h: Value;
  readonly c: Value | null;
}

function scan(
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
  const x = backward ? reversedInTime(builder, `${name}/x_reversed`, given) : given;
  const like = { shape: [time, batch, columns] };
  const constant = (part: string, dims: number[], make: () => Float32Array): string =>
    builder.shared(`${name}/${part}`, () => floatTensor(`${name}/${part}`, dims, make()));
  const W = constant('W', [features, columns], () => turned(kernel, columns, features));
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
  const inOrder = backward ? reversedInTime(builder, `${name}/y_reversed`, outputs) : outputs;
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

/** Both biases as one; but not the recurrent one of a GRU's candidate, which stands inside the reset gate. */
function inputBias({ cell, units, bias, recurrentBias }: RecurrentWeights): Float32Array | null {
  if (bias === null) return null;
  const inside = cell === 'gru' ? 2 * units : bias.length;
  return bias.map((value, index) => value + (index < inside ? (recurrentBias?.[index] ?? 0) : 0));
}
