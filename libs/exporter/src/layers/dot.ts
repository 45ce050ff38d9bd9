import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { scalar } from '../graph/scalar.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { emitReduce } from './reduce.ts';

/** TensorFlow.js's K.epsilon(), below which a length counts as this. */
const leastLength = 1e-7;

/**
 * Products of two inputs over one axis of each, sample by sample of the batch.
 *
 *   [batch, i, n] . [batch, n, j] ---> [batch, i, j];  [batch, n] . [batch, n] ---> [batch, 1]
 */
const convertDot: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const axes = dotAxes(call);
  const values = call.inputs.map((_, index) => {
    const value = batchMajor(call, index);
    return options.flag('normalize', false) ? normalized(call, value, axes[index], index) : value;
  });
  // As matrices: the left one with the axis last, the right one with it first.
  const [left, right] = values.map((value, index) => {
    const matrix = value.shape.length === 3 ? value : raised(value, index === 0 ? 1 : 2);
    const at = value.shape.length === 3 ? axes[index] : index === 0 ? 2 : 1;
    return at === (index === 0 ? 2 : 1) ? matrix : turned(matrix, index);
  });
  const [batch] = left.shape;
  const full: Dim[] = [batch, left.shape[1], right.shape[2]];
  const product = builder.single(`${path}/matmul`, 'MatMul', [left, right], { shape: full });
  const ranks = values.map(({ shape }) => shape.length);
  const gone = [...(ranks[0] === 2 ? [1] : []), ...(ranks[1] === 2 ? [2] : [])].slice(
    0,
    ranks[0] + ranks[1] === 4 ? 1 : 2,
  );
  if (gone.length === 0) return [product];
  const shape = full.filter((_, axis) => !gone.includes(axis));
  return [builder.single(path, 'Squeeze', [product, builder.integers(gone)], { shape })];

  function raised(value: Value, axis: number): Value {
    const dims = [...value.shape];
    dims.splice(axis, 0, 1);
    return builder.single(`${path}/raised:${axis}`, 'Unsqueeze', [value, builder.integers([axis])], {
      shape: dims,
    });
  }

  function turned(matrix: Value, index: number): Value {
    const [rows, first, second] = matrix.shape;
    return builder.single(
      `${path}/turned:${index}`,
      'Transpose',
      [matrix],
      { shape: [rows, second, first] },
      { perm: attribute.ints([0, 2, 1]) },
    );
  }
};

/** x / sqrt(max(sum x^2, epsilon)) over an axis (tfjs-layers losses.ts, l2Normalize). */
function normalized(call: LayerCall, x: Value, axis: number, index: number): Value {
  const { builder, path } = call;
  const square = builder.single(`${path}/square:${index}`, 'Mul', [x, x], x);
  const sum = emitReduce(call, `${path}/sum:${index}`, 'ReduceSum', square, [axis], true);
  const kept = builder.single(`${path}/kept:${index}`, 'Max', [sum, scalar(builder, leastLength)], sum);
  const length = builder.single(`${path}/length:${index}`, 'Sqrt', [kept], sum);
  return builder.single(`${path}/normal:${index}`, 'Div', [x, length], x);
}

/** The axis of each of the two inputs, from 0. */
function dotAxes({ options, inputs }: LayerCall): [left: number, right: number] {
  const given = options.get('axes');
  const axes = (Array.isArray(given) ? (given as unknown[]) : [given, given]).map((axis, index) => {
    const rank = inputs.at(index)?.shape.length ?? 0;
    return typeof axis === 'number' && axis < 0 ? axis + rank : axis;
  });
  const fits =
    inputs.length === 2 &&
    inputs.every(
      ({ shape }, index) =>
        (shape.length === 2 || shape.length === 3) &&
        (axes[index] === 1 || axes[index] === 2) &&
        (axes[index] as number) < shape.length,
    );
  if (fits) return axes as [number, number];
  throw new UnsupportedError(
    `layer "${options.layer}": axes: expected an axis after the batch of each of two inputs of 2 or 3 dims, got ${JSON.stringify(given)}; permute or reshape before`,
  );
}

export const dotLayers = {
  Dot: {
    convert: convertDot,
    mask: () => null,
    // The streams of the inputs apart are not known here: a product with samples on the right, or over them, is not one of each by itself.
    timing: () => ({ mixes: 'its products are over pairs of samples' }),
  },
} satisfies LayerFamily;
