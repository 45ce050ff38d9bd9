import type { TensorArrays, TensorType } from '@onda/contract';
import { ShapeError, typedArrays } from '@onda/contract';

/** The value of a node's attribute. Integers are within +-2^53. */
export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

/** A dim of a shape: a size, the name of a size known at run time (`batch`), or null for an unnamed one. */
export type Dim = number | string | null;

/** Name, element type and shape of a value. A null shape has an unknown rank. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[] | null;
}

/** One operation. '' stands for an omitted optional input or output. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** The op's operator set; '' is ONNX's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Nodes are in topological order. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  /** Infos of intermediate values. */
  readonly values: readonly ValueInfo[];
}

export interface Model {
  readonly irVersion: number;
  /** Versions of the operator sets by domain; '' is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producerName: string;
  readonly producerVersion: string;
  /** Free text by key, written to the file unchanged. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: Graph;
}

/** Element types in a file: all tensor types but string. */
export type ElementType = Exclude<TensorType, 'string'>;

/** Arrays of elements by element type. float16 is stored as bits; a bool is 0 or 1. */
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

/** A constant: an initializer of a graph or the value of an attribute, where its name is ''. */
export type Tensor = { [T in ElementType]: TensorOf<T> }[ElementType];

/**
 * A float32 tensor.
 *
 * @throws ShapeError if the length of `data` does not fit `dims`
 */
export function floatTensor(name: string, dims: readonly number[], data: Float32Array): TensorOf<'float32'> {
  checkSize(name, dims, data.length);
  return { name, type: 'float32', dims, data };
}

/**
 * An int64 tensor.
 *
 * @param values integers within +-2^53
 * @throws ShapeError if the number of values does not fit `dims`
 */
export function int64Tensor(
  name: string,
  dims: readonly number[],
  values: readonly number[],
): TensorOf<'int64'> {
  checkSize(name, dims, values.length);
  return { name, type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

/** The number of elements for these dims; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

function checkSize(name: string, dims: readonly number[], length: number): void {
  if (length === elementCount(dims)) return;
  throw new ShapeError(
    `tensor "${name}": expected ${elementCount(dims)} elements for shape [${dims.join(', ')}], got ${length}; give data and dims that fit`,
  );
}

/** Constructors of attributes: `attribute.int(1)`. */
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
