import { isTensorType, ModelError } from '@onda/contract';
import type { RuntimeTensor } from './session.ts';

/** A float32 tensor. */
export type FloatTensor = Extract<RuntimeTensor, { type: 'float32' }>;

/**
 * @param dims such as [batch, time, features]
 * @param data row-major; an array is copied into a Float32Array, a Float32Array is used without a copy
 */
export function floatTensor(dims: readonly number[], data: Float32Array | readonly number[]): FloatTensor {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** @throws ModelError if the output is missing or not float32 */
export function floatOutput(results: Readonly<Record<string, RuntimeTensor>>, name: string): FloatTensor {
  const tensor = Object.hasOwn(results, name) ? results[name] : undefined;
  if (tensor?.type !== 'float32') {
    throw new ModelError(
      `output "${name}": expected float32, got ${tensor?.type ?? 'nothing'}; export the model again`,
    );
  }
  return tensor;
}

/**
 * Converts a runtime's output tensor, without copying its data.
 *
 * @param name name of the output in errors
 * @throws ModelError for a type without a JavaScript array (bfloat16, complex, float8)
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
  // ONNX Runtime returns a Float16Array where JavaScript has one; we use its bits.
  const held = type === 'float16' ? bitsOf(data as Uint16Array) : data;
  return { type, dims, data: held } as RuntimeTensor;
}

function bitsOf({ buffer, byteOffset, length }: Uint16Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, length);
}

/** Formats a shape: `[batch, time, 1]`. */
export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(', ')}]`;
}

/** Formats a list of names: `x`, `x and state_in`, `x, state_in and samples`. */
export function listText(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
