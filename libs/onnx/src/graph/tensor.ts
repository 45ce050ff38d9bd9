import { ShapeError } from '@onda/contract';
import type { ElementArrays, ElementType } from './element.ts';

interface TensorOf<T extends ElementType> {
  readonly name: string;
  readonly type: T;
  readonly dims: readonly number[];
  /** Row-major; as many elements as the product of `dims`. */
  readonly data: ElementArrays[T];
}

/** A constant: an initializer of a graph or the value of an attribute. Its name is '' in an attribute. */
export type Tensor = { [T in ElementType]: TensorOf<T> }[ElementType];

/**
 * A float32 tensor.
 *
 * @throws ShapeError if `data` has not as many elements as `dims` say
 */
export function floatTensor(name: string, dims: readonly number[], data: Float32Array): TensorOf<'float32'> {
  checkSize(name, dims, data.length);
  return { name, type: 'float32', dims, data };
}

/**
 * An int64 tensor.
 *
 * @param values whole numbers within +-2^53
 * @throws ShapeError if there are not as many values as `dims` say
 */
export function int64Tensor(
  name: string,
  dims: readonly number[],
  values: readonly number[],
): TensorOf<'int64'> {
  checkSize(name, dims, values.length);
  return { name, type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

/** How many elements a tensor of these dims has; a scalar (no dims) has one. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

function checkSize(name: string, dims: readonly number[], length: number): void {
  if (length === elementCount(dims)) return;
  throw new ShapeError(
    `tensor "${name}": expected ${elementCount(dims)} elements for shape [${dims.join(', ')}], got ${length}; give data and dims that fit`,
  );
}
