/**
 * The list that holds a tensor's values, by type: all types that ONNX Runtime hands to JavaScript. float16 is kept as its
 * bits, a bool is 0 or 1.
 */
export interface TensorArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: string[];
}

export type TensorType = keyof TensorArrays;

/** A tensor of one of the types: row-major data and its dims. */
export type TensorValue = {
  [Type in TensorType]: { type: Type; dims: readonly number[]; data: TensorArrays[Type] };
}[TensorType];

/** Constructors of the typed lists. */
export const typedArrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies { [Type in Exclude<TensorType, 'string'>]: new (length: number) => TensorArrays[Type] };

/** Their names. */
export const tensorTypes = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const satisfies readonly TensorType[];

export function isTensorType(type: string): type is TensorType {
  return (tensorTypes as readonly string[]).includes(type);
}

/** How many values dims stand for; no dims: one. */
export function elementsOf(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}
