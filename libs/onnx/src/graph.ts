import type { TensorArrays, TensorType } from '@onda/contract';
import { ShapeError, typedArrays } from '@onda/contract';

/** The value of a node's attribute. Whole numbers lie within +-2^53. */
export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

/** A dim of a shape: a size, the name of one that is known at run time only (`batch`), or null for one without a name. */
export type Dim = number | string | null;

/** Name, element type and shape of a value. A null shape: not even the rank is known. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[] | null;
}

/** One operation. An input or output named '' is an optional one that is left out. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** Operator set the op is of; '' is ONNX's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Nodes in an order in which each one's inputs are there before it. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  /** What is known of the values in between. */
  readonly values: readonly ValueInfo[];
}

export interface Model {
  readonly irVersion: number;
  /** Version of each operator set in use, by domain; '' is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producerName: string;
  readonly producerVersion: string;
  /** Free text by key; goes into the file as it is. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: Graph;
}

/** Types of a tensor's elements in a file: all that tensors have but text. */
export type ElementType = Exclude<TensorType, 'string'>;

/** The array that holds a tensor's elements, by element type. float16 is kept as its bits; a bool is 0 or 1. */
export type ElementArrays = Pick<TensorArrays, ElementType>;

/** Constructors of the element arrays. */
export const elementArrays = typedArrays;

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

/** Attributes by their kind: `attribute.int(1)`. */
export const attribute = {
  float: (value: number): Attribute => ({ kind: 'float', value }),
  int: (value: number): Attribute => ({ kind: 'int', value }),
  string: (value: string): Attribute => ({ kind: 'string', value }),
  tensor: (value: Tensor): Attribute => ({ kind: 'tensor', value }),
  graph: (value: Graph): Attribute => ({ kind: 'graph', value }),
  floats: (value: readonly number[]): Attribute => ({ kind: 'floats', value }),
  ints: (value: readonly number[]): Attribute => ({ kind: 'ints', value }),
  strings: (value: readonly string[]): Attribute => ({ kind: 'strings', value }),
} as const;
