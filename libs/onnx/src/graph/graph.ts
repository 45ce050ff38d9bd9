import type { ElementType } from './element.ts';
import type { Tensor } from './tensor.ts';

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
