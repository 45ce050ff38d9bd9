import { ModelError } from '@onda/contract';
import type { WeightEntry } from './artifacts.ts';

/** How a weight's values are stored: bytes each, and how to read them. */
export interface Encoding {
  readonly bytes: number;
  /** @param buffer of this weight's values alone, `bytes` each */
  read(buffer: ArrayBuffer): Float32Array;
}

const plain: Readonly<Record<string, Encoding>> = {
  float32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  int32: { bytes: 4, read: (buffer) => Float32Array.from(new Int32Array(buffer)) },
};

/** Of values that TensorFlow.js's converter made smaller: half floats, or whole numbers q for q scale + min (io_utils.decodeWeight). */
const quantized: Readonly<Record<string, (scale: number, min: number) => Encoding>> = {
  float16: () => ({ bytes: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToFloat) }),
  uint8: (scale, min) => ({
    bytes: 1,
    read: (buffer) => Float32Array.from(new Uint8Array(buffer), (value) => value * scale + min),
  }),
  uint16: (scale, min) => ({
    bytes: 2,
    read: (buffer) => Float32Array.from(new Uint16Array(buffer), (value) => value * scale + min),
  }),
};

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
