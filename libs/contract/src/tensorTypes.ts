/**
 * The array type of each tensor type that ONNX Runtime supports in JavaScript. float16 values are stored as bits, bool as 0 or 1.
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

/** A tensor: row-major data and dims. */
export type TensorValue = {
  [Type in TensorType]: { type: Type; dims: readonly number[]; data: TensorArrays[Type] };
}[TensorType];

/** Constructors of the typed arrays. */
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

/** All tensor types. */
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

/** Number of elements; 1 without dims. */
export function elementsOf(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

/** Names of the tensor types in Triton's model configuration. */
export const tritonTypes = {
  float32: 'TYPE_FP32',
  float64: 'TYPE_FP64',
  float16: 'TYPE_FP16',
  int8: 'TYPE_INT8',
  int16: 'TYPE_INT16',
  int32: 'TYPE_INT32',
  int64: 'TYPE_INT64',
  uint8: 'TYPE_UINT8',
  uint16: 'TYPE_UINT16',
  uint32: 'TYPE_UINT32',
  uint64: 'TYPE_UINT64',
  bool: 'TYPE_BOOL',
  string: 'TYPE_STRING',
} as const satisfies Record<TensorType, string>;
