import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import type { GraphBuilder } from './graphBuilder.ts';
import type { Dim, Value } from './value.ts';

/** The attribute `axis`. */
export function axis(value: number): { axis: Attribute } {
  return { axis: attribute.int(value) };
}

/** A float32 scalar constant, shared by its value. Returns its name. */
export function scalar(builder: GraphBuilder, value: number): string {
  const name = `float32.${value}`;
  return builder.shared(name, () => floatTensor(name, [], Float32Array.of(value)));
}

/** ONNX's element type codes for Cast. */
const codes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** The value in another element type. */
export function cast(builder: GraphBuilder, name: string, x: Value, type: keyof typeof codes): Value {
  if (x.type === type) return x;
  return builder.single(name, 'Cast', [x], { ...x, type }, { to: attribute.int(codes[type]) });
}

/** An end for Slice that means "to the end of the axis". */
export const INT_MAX_SLICE_END = 2 ** 53 - 1;

/** Reverses a time-major sequence. */
export function reverseTime(builder: GraphBuilder, name: string, sequence: Value): Value {
  const [start, end, place, step] = [-1, -INT_MAX_SLICE_END, 0, -1].map((value) => builder.integers([value]));
  return builder.single(name, 'Slice', [sequence, start, end, place, step], sequence);
}

/**
 * Zeros for every sequence of x [time, batch, ...].
 *
 * @param rest dims after the batch
 * @returns [batch, ...rest]
 */
export function emitZeros(builder: GraphBuilder, name: string, x: Value, rest: readonly number[]): Value {
  const whole = { type: 'int64' as const };
  const shape: Dim[] = [x.shape[1], ...rest];
  const sizes = builder.single(`${name}/sizes`, 'Shape', [x], { shape: [x.shape.length], ...whole });
  const batch = builder.single(`${name}/batch`, 'Gather', [sizes, builder.integers([1])], {
    shape: [1],
    ...whole,
  });
  const like = { shape: [shape.length], ...whole };
  const dims = builder.single(`${name}/shape`, 'Concat', [batch, builder.integers(rest)], like, axis(0));
  return builder.single(name, 'ConstantOfShape', [dims], { shape });
}

type ReduceOp = 'ReduceLogSumExp' | 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceProd' | 'ReduceSum';

/**
 * Reduces over axes. Axes are an input of ReduceSum from opset 13, of the others from opset 18.
 *
 * @param x    in its present layout
 * @param keep whether an axis of size 1 remains
 */
export function emitReduce(
  { builder, opset }: { readonly builder: GraphBuilder; readonly opset: number },
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
