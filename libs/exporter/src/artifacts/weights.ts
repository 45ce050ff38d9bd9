import { ModelError } from '@onda/contract';
import { elementCount } from '@onda/onnx';
import { halfToFloat } from './halfFloat.ts';
import { listAt, objectAt, textAt } from './json.ts';
import { nameKerasVariables } from './kerasVariables.ts';
import type { LayersArtifacts, WeightEntry } from './savedModel.ts';
import { typedView } from './typedView.ts';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major; often a view of the model's own bytes, so read-only. */
  readonly data: Float32Array;
}

/**
 * The weights of a model by name, in file order; those of a `.keras` file are named as in HDF5 files.
 *
 * @param allowNan accepts values that are not finite
 * @throws ModelError for too few or too many bytes, an unsupported dtype, or values that are not finite
 */
export function readWeights(
  { modelTopology, weightSpecs = [], weightData }: LayersArtifacts,
  { allowNan = false }: { allowNan?: boolean } = {},
): ReadonlyMap<string, Weight> {
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
        `weight "${name}": expected finite values, got ${data[bad]} at index ${bad}; the training diverged, train again with a lower learning rate`,
      );
    }
    weights.set(name, { name, shape, data });
    offset += sizes[index];
  });
  return nameKerasVariables(modelTopology, weights);
}

/** A plain loop: a callback per value would cost memory for millions of them. */
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

/** @throws ModelError when the specs are not a list of named entries */
function checkEntries(specs: unknown): void {
  listAt(specs, 'weightSpecs').forEach((entry, index) => {
    textAt(objectAt(entry, `weightSpecs: entry ${index}`)['name'], `weightSpecs: entry ${index}: name`);
  });
}

/** The weight bytes in one array; a single buffer is not copied. */
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

/** How the values of a weight are stored. */
interface Encoding {
  readonly bytes: number;
  /**
   * @param stored the bytes of this weight
   * @returns its values; aligned float32 is not copied
   */
  read(stored: Uint8Array): Float32Array;
}

const plain: Readonly<Record<string, Encoding>> = {
  float32: { bytes: 4, read: (stored) => typedView(Float32Array, stored) },
  int32: { bytes: 4, read: (stored) => Float32Array.from(typedView(Int32Array, stored)) },
};

/** Quantized by tensorflowjs_converter: half floats, or integers q with value q * scale + min (io_utils.decodeWeight). */
const quantized: Readonly<Record<string, (scale: number, min: number) => Encoding>> = {
  float16: () => ({
    bytes: 2,
    read: (stored) => Float32Array.from(typedView(Uint16Array, stored), halfToFloat),
  }),
  uint8: (scale, min) => ({
    bytes: 1,
    read: (stored) => Float32Array.from(stored, (value) => value * scale + min),
  }),
  uint16: (scale, min) => ({
    bytes: 2,
    read: (stored) => Float32Array.from(typedView(Uint16Array, stored), (value) => value * scale + min),
  }),
};

/** @throws ModelError for an unsupported dtype */
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
