import type { TensorType } from '@onda/contract';
import { isObject } from './jsonBody.ts';
import { decoded } from './textBytes.ts';

/** The field of `InferTensorContents` that holds the values of each type; float16 has none and travels as raw bytes. */
const fields = {
  float32: 'fp32_contents',
  float64: 'fp64_contents',
  float16: undefined,
  int8: 'int_contents',
  int16: 'int_contents',
  int32: 'int_contents',
  int64: 'int64_contents',
  uint8: 'uint_contents',
  uint16: 'uint_contents',
  uint32: 'uint_contents',
  uint64: 'uint64_contents',
  bool: 'bool_contents',
  string: 'bytes_contents',
} as const satisfies Record<TensorType, string | undefined>;

/** `InferTensorContents` as protobuf decodes it; 64-bit numbers are text. */
export type GrpcContents = Readonly<
  Partial<Record<NonNullable<(typeof fields)[TensorType]>, readonly unknown[]>>
>;

/** The values of one type, as JSON would have them; none if the message holds those of another type. */
export function grpcValues(contents: unknown, type: TensorType, where: string): unknown[] {
  const field = fields[type];
  const values: unknown = isObject(contents) && field !== undefined ? contents[field] : undefined;
  if (!Array.isArray(values)) return [];
  if (type === 'int64' || type === 'uint64') return values.map(Number);
  if (type === 'string') return values.map((value, index) => decoded(value as Uint8Array, index, where));
  return values as unknown[];
}
