import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';

/**
 * Products of two inputs over one axis of each, sample by sample of the batch.
 *
 *   [batch, i, n] . [batch, n, j] ---> [batch, i, j];  [batch, n] . [batch, n] ---> [batch, 1]
 */
export const convertDot: LayerConverter = (call) => {
  const { builder, path, options } = call;
  options.require('normalize', false, 'normalize before');
  const values = call.inputs.map((_, index) => batchMajor(call, index));
  const given = options.get('axes');
  const axes = (Array.isArray(given) ? (given as unknown[]) : [given, given]).map((axis, index) => {
    const rank = values.at(index)?.shape.length ?? 0;
    return typeof axis === 'number' && axis < 0 ? axis + rank : axis;
  });
  const fits =
    values.length === 2 &&
    values.every(
      ({ shape }, index) =>
        (shape.length === 2 || shape.length === 3) &&
        (axes[index] === 1 || axes[index] === 2) &&
        (axes[index] as number) < shape.length,
    );
  if (!fits) {
    throw new UnsupportedError(
      `layer "${options.layer}": axes: expected an axis after the batch of each of two inputs of 2 or 3 dims, got ${JSON.stringify(given)}; permute or reshape before`,
    );
  }
  // As matrices: the left one with the axis last, the right one with it first.
  const [left, right] = values.map((value, index) => {
    const matrix = value.shape.length === 3 ? value : raised(value, index === 0 ? 1 : 2);
    const at = value.shape.length === 3 ? (axes[index] as number) : index === 0 ? 2 : 1;
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
