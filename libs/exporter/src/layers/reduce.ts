import { attribute } from '@onda/onnx';
import type { Value } from '../graph/value.ts';
import type { LayerCall } from './layerCall.ts';

type ReduceOp = 'ReduceLogSumExp' | 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceProd' | 'ReduceSum';

/**
 * Reduces over axes. ReduceSum takes its axes as an input from operator set 13 on, the others from 18 on.
 *
 * @param x    as it lies
 * @param keep whether an axis of size 1 stays
 */
export function emitReduce(
  { builder, opset }: LayerCall,
  name: string,
  op: ReduceOp,
  x: Value,
  axes: readonly number[],
  keep: boolean,
): Value {
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)));
  const shape = keep
    ? x.shape.map((dim, axis) => (gone.has(axis) ? 1 : dim))
    : x.shape.filter((_, axis) => !gone.has(axis));
  const like = { shape, timeMajor: x.timeMajor };
  const keepdims = attribute.int(keep ? 1 : 0);
  if (op === 'ReduceSum' || opset >= 18) {
    return builder.single(name, op, [x, builder.integers(axes)], like, { keepdims });
  }
  return builder.single(name, op, [x], like, { axes: attribute.ints(axes), keepdims });
}
