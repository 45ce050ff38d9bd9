import { ModelError } from '@onda/contract';
import type { WeightEntry } from './artifacts.ts';

/** How a weight's values are stored: bytes each, and how to read them. */
export interface Encoding {
  readonly bytes: number;
  /**
   * @param stored this weight's values alone, `bytes` each
   * @returns their values; plain float32 that lies where such numbers may is not copied
   */
  read(stored: Uint8Array): Float32Array;
}

const plain: Readonly<Record<string, Encoding>> = {
  float32: { bytes: 4, read: (stored) => listOf(Float32Array, stored) },
  int32: { bytes: 4, read: (stored) => Float32Array.from(listOf(Int32Array, stored)) },
};

/** Of values that TensorFlow.js's converter made smaller: half floats, or whole numbers q for q scale + min (io_utils.decodeWeight). */
const quantized: Readonly<Record<string, (scale: number, min: number) => Encoding>> = {
  float16: () => ({
    bytes: 2,
    read: (stored) => Float32Array.from(listOf(Uint16Array, stored), halfToFloat),
  }),
  uint8: (scale, min) => ({
    bytes: 1,
    read: (stored) => Float32Array.from(stored, (value) => value * scale + min),
  }),
  uint16: (scale, min) => ({
    bytes: 2,
    read: (stored) => Float32Array.from(listOf(Uint16Array, stored), (value) => value * scale + min),
  }),
};

interface List<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** Bytes as numbers; a copy only where they do not lie at a multiple of a number's size. */
function listOf<T>(list: List<T>, stored: Uint8Array): T {
  const size = list.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, length } = stored.byteOffset % size === 0 ? stored : stored.slice();
  return new list(buffer, byteOffset, length / size);
}

/** @throws ModelError for a type of values that a layer cannot have */
export function encodingOf({ name, dtype, quantization }: WeightEntry): Encoding {
  const known = Object.hasOwn(plain, dtype) ? plain[dtype] : undefined;
  if (known !== undefined && quantization === undefined) return known;
  const stored = quantization?.dtype ?? dtype;
  if (dtype !== 'float32' || quantization === undefined || !Object.hasOwn(quantized, stored)) {
    throw new ModelError(
      `weight "${name}": expected float32 or int32, plain or quantized to float16, uint8 or uint16, got ${dtype === stored ? dtype : `${dtype} quantized to ${stored}`}; save the model in float32`,
    );
  }
  const { scale = 1, min = 0 } = quantization;
  return quantized[stored](scale, min);
}

/** The value of a half float's bits (IEEE 754 binary16). */
export function halfToFloat(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
