import { ModelError } from '@onda/contract';
import { elementCount } from '@onda/onnx';
import type { LayersArtifacts, WeightEntry } from './artifacts.ts';
import { encodingOf } from './decodeWeight.ts';
import { listAt, objectAt, textAt } from './json.ts';
import { weightBytes } from './weightBytes.ts';

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
