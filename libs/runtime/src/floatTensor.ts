import type { RuntimeTensor } from './session.ts';

/** A float32 tensor: values in, values out, and the packed state row. */
export type FloatTensor = Extract<RuntimeTensor, { type: 'float32' }>;

/**
 * @param dims such as [batch, time, features]
 * @param data row-major; an array is copied into a Float32Array, a Float32Array is taken as it is
 */
export function floatTensor(dims: readonly number[], data: Float32Array | readonly number[]): FloatTensor {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
