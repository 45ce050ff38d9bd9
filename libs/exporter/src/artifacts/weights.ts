import { ModelError } from '@onda/contract';
import { elementCount } from '@onda/onnx';
import { listAt, objectAt, textAt } from './json.ts';
import type { LayersArtifacts, WeightEntry } from './savedModel.ts';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major; often a part of the model's own bytes, so nobody writes to it. */
  readonly data: Float32Array;
}

/**
 * The weights of a model by name, in the order of the file.
 *
 * @param allowNan takes values that are not finite too
 * @throws ModelError for weights that are cut short or too long, of a type that no layer has, or not finite
 */
export function readWeights(
  { weightSpecs = [], weightData }: LayersArtifacts,
  { allowNan = false }: { allowNan?: boolean } = {},
): Map<string, Weight> {
  checkEntries(weightSpecs);
  const bytes = weightBytes(weightData);
  const sizes = weightSpecs.map((entry) => sizeOf(entry) * encodingOf(entry).bytes);
  const expected = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== expected) {
    throw new ModelError(
      `model weights: expected ${expected} bytes as the weight specs say, got ${bytes.length}; the file is damaged or cut short, save the model again`,
    );
  }
  const weights = new Map<string, Weight>();
  let offset = 0;
  weightSpecs.forEach((entry, index) => {
    const { name, shape } = entry;
    if (weights.has(name)) {
      throw new ModelError(`weight "${name}": expected it once, got it again; save the model again`);
    }
    const data = encodingOf(entry).read(bytes.subarray(offset, offset + sizes[index]));
    const bad = allowNan ? -1 : firstNotFinite(data);
    if (bad >= 0) {
      throw new ModelError(
        `weight "${name}": expected finite values, got ${data[bad]} at place ${bad}; the training went astray, train again with a lower learning rate`,
      );
    }
    weights.set(name, { name, shape, data });
    offset += sizes[index];
  });
  return weights;
}

/** A plain loop: a function a value would take memory for millions of them. */
function firstNotFinite(data: Float32Array): number {
  for (let index = 0; index < data.length; index++) if (!Number.isFinite(data[index])) return index;
  return -1;
}

function sizeOf({ name, shape: given }: WeightEntry): number {
  const shape: unknown = given;
  if (
    !Array.isArray(shape) ||
    !shape.every((dim: unknown) => Number.isSafeInteger(dim) && Number(dim) >= 0)
  ) {
    const got = Array.isArray(shape) ? `[${shape.join(', ')}]` : JSON.stringify(shape);
    throw new ModelError(
      `weight "${name}": expected a shape of whole numbers, got ${got}; save the model again`,
    );
  }
  return elementCount(shape as number[]);
}

/** @throws ModelError when the specs are not a list of entries with a name */
function checkEntries(specs: unknown): void {
  listAt(specs, 'weightSpecs').forEach((entry, index) => {
    textAt(objectAt(entry, `weightSpecs: entry ${index}`)['name'], `weightSpecs: entry ${index}: name`);
  });
}

/** The weights' bytes in one piece; those that are in one piece already are not copied. */
function weightBytes(data: LayersArtifacts['weightData']): Uint8Array {
  const parts = (data instanceof ArrayBuffer ? [data] : (data ?? [])).map((part) => new Uint8Array(part));
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** How a weight's values are stored: bytes each, and how to read them. */
interface Encoding {
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
