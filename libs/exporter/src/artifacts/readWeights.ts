import { ModelError } from '@onda/contract';
import { elementCount } from '@onda/onnx';
import type { LayersArtifacts, WeightEntry } from './artifacts.ts';
import { weightBytes } from './weightBytes.ts';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * The weights of a model by name, in the order of the file.
 *
 * @throws ModelError for weights that are cut short or too long, of another type than float32 or int32, or not finite
 */
export function readWeights({ weightSpecs = [], weightData }: LayersArtifacts): Map<string, Weight> {
  const bytes = weightBytes(weightData);
  const expected = weightSpecs.reduce((size, entry) => size + 4 * sizeOf(entry), 0);
  if (bytes.length !== expected) {
    throw new ModelError(
      `model weights: expected ${expected} bytes as the weight specs say, got ${bytes.length}; the file is damaged or cut short, save the model again`,
    );
  }
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const entry of weightSpecs) {
    if (weights.has(entry.name)) {
      throw new ModelError(`weight "${entry.name}": expected it once, got it again; save the model again`);
    }
    const size = sizeOf(entry);
    const data = readFloats(bytes, offset, size, entry.dtype);
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new ModelError(
        `weight "${entry.name}": expected finite values, got ${data[bad]} at place ${bad}; the training went astray, train again with a lower learning rate`,
      );
    }
    weights.set(entry.name, { name: entry.name, shape: entry.shape, data });
    offset += 4 * size;
  }
  return weights;
}

function sizeOf({ name, shape, dtype, quantization }: WeightEntry): number {
  if ((dtype !== 'float32' && dtype !== 'int32') || quantization !== undefined) {
    throw new ModelError(
      `weight "${name}": expected plain float32 or int32, got ${quantization === undefined ? dtype : `values quantized to ${quantization.dtype}`}; save the model in float32`,
    );
  }
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw new ModelError(
      `weight "${name}": expected a shape of whole numbers, got [${shape.join(', ')}]; save the model again`,
    );
  }
  return elementCount(shape);
}

/** Float32 values at a byte offset: a view of the bytes where they are aligned, else a copy. */
function readFloats(bytes: Uint8Array, offset: number, size: number, dtype: string): Float32Array {
  const start = bytes.byteOffset + offset;
  const aligned = start % 4 === 0;
  const buffer = aligned ? bytes.buffer : bytes.slice(offset, offset + 4 * size).buffer;
  const at = aligned ? start : 0;
  return dtype === 'float32'
    ? new Float32Array(buffer, at, size)
    : Float32Array.from(new Int32Array(buffer, at, size));
}
