import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor, int64Tensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { cast, emitReduce } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';

type Input = Value | string;
type ElementWise =
  'Abs' | 'Add' | 'Div' | 'Exp' | 'Log' | 'Max' | 'Mul' | 'Neg' | 'Pow' | 'Sqrt' | 'Sub' | 'Tanh';

/** Operations on values whose first dim is the row: one column of one series. */
export class RowOps {
  readonly builder: GraphBuilder;
  private readonly opset: number;

  constructor(builder: GraphBuilder, opset: number) {
    this.builder = builder;
    this.opset = opset;
  }

  /** A float32 constant; shape [length] by default. */
  floats(name: string, values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    return this.builder.constant(floatTensor(name, dims, Float32Array.from(values)));
  }

  integers(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.builder.constant(int64Tensor(name, dims, values));
  }

  /** An element-wise node; the shape is that of the result. */
  each(name: string, op: ElementWise, inputs: readonly Input[], shape: readonly Dim[]): Value {
    return this.builder.single(name, op, inputs, { shape });
  }

  /** `a` where the condition holds, else `b`. */
  where(name: string, condition: Value, a: Input, b: Input, shape: readonly Dim[]): Value {
    return this.builder.single(name, 'Where', [condition, a, b], { shape });
  }

  compare(
    name: string,
    op: 'Equal' | 'Greater' | 'GreaterOrEqual' | 'Less',
    a: Input,
    b: Input,
    shape: readonly Dim[],
  ): Value {
    return this.builder.single(name, op, [a, b], { shape, type: 'bool' });
  }

  both(name: string, a: Value, b: Value): Value {
    return this.builder.single(name, 'And', [a, b], { shape: b.shape, type: 'bool' });
  }

  product(name: string, a: Input, b: Input, shape: readonly Dim[]): Value {
    return this.builder.single(name, 'MatMul', [a, b], { shape });
  }

  reduce(
    name: string,
    op: 'ReduceMean' | 'ReduceSum' | 'ReduceMax',
    x: Value,
    axes: readonly number[],
  ): Value {
    return emitReduce({ builder: this.builder, opset: this.opset }, name, op, x, axes, true);
  }

  /** The sum of squares over axes, which stay with size 1. */
  sumOfSquares(name: string, squares: string, x: Value, axes: readonly number[]): Value {
    return this.reduce(name, 'ReduceSum', this.each(squares, 'Mul', [x, x], x.shape), axes);
  }

  reshape(name: string, x: Value, sizes: readonly number[], shape: readonly Dim[]): Value {
    return this.builder.single(name, 'Reshape', [x, this.builder.integers(sizes)], { shape, type: x.type });
  }

  /** Elements `start` to `end` (exclusive) of an axis. */
  slice(name: string, x: Value, axis: number, start: number, end: number): Value {
    const { builder } = this;
    const size = end - start;
    const shape = x.shape.map((dim, place) => (place === axis ? size : dim));
    const inputs = [x, ...[[start], [end], [axis]].map((values) => builder.integers(values))];
    return builder.single(name, 'Slice', inputs, { shape, type: x.type });
  }

  gather(name: string, x: Value, indices: Input, axis: number, shape: readonly Dim[]): Value {
    return this.node(name, 'Gather', [x, indices], shape, { axis: attribute.int(axis) }, x);
  }

  concat(name: string, parts: readonly Input[], axis: number, shape: readonly Dim[]): Value {
    return this.node(name, 'Concat', parts, shape, { axis: attribute.int(axis) });
  }

  toFloat(name: string, x: Value): Value {
    return cast(this.builder, name, x, 'float32');
  }

  node(
    name: string,
    op: string,
    inputs: readonly Input[],
    shape: readonly Dim[],
    attributes: Readonly<Record<string, Attribute>> = {},
    like: { type?: Value['type'] } = {},
  ): Value {
    return this.builder.single(
      name,
      op,
      inputs,
      { shape, ...(like.type !== undefined && { type: like.type }) },
      attributes,
    );
  }
}
