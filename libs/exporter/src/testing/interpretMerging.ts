import type { CallArgument } from '../artifacts/layerCalls.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import type { ModelSource } from '../artifacts/modelSource.ts';
import { isKeras } from '../artifacts/modelSource.ts';
import type { Tensor64 } from './tensors.ts';
import { combine, concatenate, fold, mapValues, sizeOf, tensorOf, valueAt } from './tensors.ts';

/** A value with the mask [batch, time] of its samples, 1 for unmasked. */
export interface Masked {
  readonly value: Tensor64;
  readonly mask: Uint8Array | null;
}

/** One call of a layer of a Keras model. */
export interface InterpretedCall {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: LayerWeights;
  readonly source: ModelSource;
  readonly inputs: readonly Masked[];
  /** The arguments of the call by name, besides a layer's first one. */
  readonly arguments: Readonly<Record<string, CallArgument>>;
  /** Runs a wrapped layer. */
  readonly inner: (className: string, config: Readonly<Record<string, unknown>>, x: Tensor64) => Tensor64;
}

export type Interpreter = (call: InterpretedCall) => Masked[];

export const axisOf = (value: unknown, rank: number, fallback: number): number => {
  const axis = Number(Array.isArray(value) ? value[0] : (value ?? fallback));
  return axis < 0 ? axis + rank : axis;
};
export const add = (a: number, b: number): number => a + b;
export const multiply = (a: number, b: number): number => a * b;
export const mean2 = (a: number, b: number): number => (a + b) / 2;

/** Merge layers; masks: all of those that exist, from Keras 3.4 on any of them if every input has one. */
export const merged =
  (compute: (call: InterpretedCall, values: readonly Tensor64[]) => Tensor64): Interpreter =>
  (call) => [
    {
      value: compute(
        call,
        call.inputs.map(({ value }) => value),
      ),
      mask: mergedMask(call),
    },
  ];

function mergedMask({ inputs, source }: InterpretedCall): Uint8Array | null {
  const masks = inputs.flatMap(({ mask }) => (mask === null ? [] : [mask]));
  if (masks.length === 0) return null;
  if (!isKeras(source, 3, 4)) return masks[0].map((_, at) => (masks.every((mask) => mask[at] === 1) ? 1 : 0));
  if (masks.length < inputs.length) return null;
  return masks[0].map((_, at) => (masks.some((mask) => mask[at] === 1) ? 1 : 0));
}

export const pairwise = (f: (a: number, b: number) => number): Interpreter =>
  merged((_call, [first, ...rest]) => rest.reduce((sum, value) => combine(sum, value, f), first));

/** From Keras 3.4 on masked values of an input are ignored, and all masked ones are zero in a product. */
export const ignoringMasked = (f: (a: number, b: number) => number, product: boolean): Interpreter =>
  merged((call, values) => {
    const plain = values.slice(1).reduce((sum, value) => combine(sum, value, f), values[0]);
    const masks = call.inputs.map(({ mask }) => mask);
    if (!isKeras(call.source, 3, 4) || masks.every((mask) => mask === null)) return plain;
    const width = plain.shape[plain.shape.length - 1];
    return tensorOf(plain.shape, (index) => {
      const at = Math.floor(index.reduce((place, one, axis) => place * plain.shape[axis] + one, 0) / width);
      let output = valueAt(values[0], index);
      let known = masks[0] === null ? null : masks[0][at] === 1;
      if (product) {
        const used = values.map((value, one) => (masks[one]?.[at] === 0 ? 1 : valueAt(value, index)));
        return masks.every((mask) => mask?.[at] === 0) ? 0 : used.reduce(f);
      }
      for (let one = 1; one < values.length; one++) {
        const mask = masks[one] === null ? null : masks[one]?.[at] === 1;
        const x = mask === false ? output : valueAt(values[one], index);
        if (known === false) output = x;
        known = mask === null || known === null ? null : mask || known;
        output = f(output, x);
      }
      return output;
    });
  });

export const concatenated: Interpreter = (call) => {
  const values = call.inputs.map(({ value }) => value);
  const axis = axisOf(call.config['axis'], values[0].shape.length, -1);
  const masks = call.inputs.map(({ mask }) => mask);
  if (axis !== 1 || masks.every((mask) => mask === null) || values[0].shape.length !== 3)
    return [{ value: concatenate(values, axis), mask: mergedMask(call) }];
  const parts = masks.map((mask, at): Tensor64 => ({
    shape: values[at].shape.slice(0, 2),
    data: Float64Array.from(mask ?? new Uint8Array(sizeOf(values[at].shape.slice(0, 2))).fill(1)),
  }));
  return [{ value: concatenate(values, 1), mask: Uint8Array.from(concatenate(parts, 1).data) }];
};

/** Sums of products along one axis of each input; normalized to length 1 before, with a squared length of 1e-12 at least. */
export function dot({ config }: InterpretedCall, values: readonly Tensor64[]): Tensor64 {
  const given = config['axes'];
  const axes = values.map((value, at) =>
    axisOf(Array.isArray(given) ? (given as unknown[])[at] : given, value.shape.length, -1),
  );
  const [a, b] = values.map((value, at) => {
    if (config['normalize'] !== true) return value;
    const squares = mapValues(value, (one) => one * one);
    const length = fold(squares, [axes[at]], true, (list) => Math.sqrt(Math.max(list.reduce(add, 0), 1e-12)));
    return combine(value, length, (one, by) => one / by);
  });
  const rest = ({ shape }: Tensor64, axis: number): number[] =>
    shape.filter((_, at) => at > 0 && at !== axis);
  const [left, right] = [rest(a, axes[0]), rest(b, axes[1])];
  const shape = left.length + right.length === 0 ? [1] : [...left, ...right];
  const at = (index: readonly number[], axis: number, place: number): number[] =>
    index.toSpliced(axis, 0, place);
  return tensorOf([a.shape[0], ...shape], ([batch, ...index]) => {
    const [first, second] = [
      index.slice(0, left.length),
      index.slice(left.length, left.length + right.length),
    ];
    let sum = 0;
    for (let place = 0; place < a.shape[axes[0]]; place++)
      sum +=
        valueAt(a, at([batch, ...first], axes[0], place)) *
        valueAt(b, at([batch, ...second], axes[1], place));
    return sum;
  });
}
