import { isTensorType, ModelError } from '@onda/contract';
import type { RuntimeTensor } from './session.ts';

/**
 * A tensor of a runtime's answer as ours: the same memory under the type that the runtime names.
 *
 * @param name of the output, for the error
 * @throws ModelError for a type that JavaScript has no list for (bfloat16, complex, float8)
 */
export function runtimeTensor(
  name: string,
  { type, dims, data }: { type: string; dims: readonly number[]; data: unknown },
): RuntimeTensor {
  if (!isTensorType(type)) {
    throw new ModelError(
      `output "${name}": expected a float, integer, bool or string type, got ${type}; export the model with a Cast at its end`,
    );
  }
  // Where JavaScript has a Float16Array, ONNX Runtime hands that out; its bits are what travels.
  const held = type === 'float16' ? bitsOf(data as Uint16Array) : data;
  return { type, dims, data: held } as RuntimeTensor;
}

function bitsOf({ buffer, byteOffset, length }: Uint16Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, length);
}
