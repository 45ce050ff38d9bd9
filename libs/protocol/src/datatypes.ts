import type { TensorSpec } from '@onda/contract';

/** The tensor types that a manifest can name, as the Open Inference Protocol writes them. */
export const datatypes = { float32: 'FP32', int64: 'INT64' } as const satisfies Record<
  TensorSpec['type'],
  string
>;

/** The same types as Triton's model configuration writes them. */
export const configTypes = { float32: 'TYPE_FP32', int64: 'TYPE_INT64' } as const satisfies Record<
  TensorSpec['type'],
  string
>;

/** Bytes of one value. */
export const valueBytes = { float32: 4, int64: 8 } as const satisfies Record<TensorSpec['type'], number>;

/** A decoded tensor; the shape that runtimes take, so that nothing is copied on the way. */
export type ProtocolTensor =
  | { type: 'float32'; dims: readonly number[]; data: Float32Array }
  | { type: 'int64'; dims: readonly number[]; data: BigInt64Array };
