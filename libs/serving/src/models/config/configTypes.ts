import { tensorTypes, tritonTypes } from '@onda/contract';
import type { TensorType } from '@onda/contract';

const types = new Map<string, TensorType>(tensorTypes.map((type) => [tritonTypes[type], type]));

/** The tensor type that config.pbtxt calls `TYPE_FP32`, `TYPE_STRING` and so on; undefined for one that is not served. */
export function tensorTypeOf(configName: string | undefined): TensorType | undefined {
  return configName === undefined ? undefined : types.get(configName);
}
