import type { TensorType, TensorValue } from '@onda/contract';

/** The tensor types by their names in the Open Inference Protocol. */
export const datatypes = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
} as const satisfies Record<TensorType, string>;

const types = new Map<unknown, TensorType>(
  Object.entries(datatypes).map(([type, datatype]) => [datatype, type as TensorType]),
);

/** The tensor type of a datatype's name; undefined for an unknown name. */
export function typeOfDatatype(datatype: unknown): TensorType | undefined {
  return types.get(datatype);
}

/** A decoded tensor, in the form that runtimes accept without another copy. */
export type ProtocolTensor = TensorValue;
