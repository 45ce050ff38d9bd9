import type { TensorType, TensorValue } from '@onda/contract';

/** The tensor types as the Open Inference Protocol writes them. */
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

/** A decoded tensor; the shape that runtimes take, so that nothing is copied on the way. */
export type ProtocolTensor = TensorValue;
