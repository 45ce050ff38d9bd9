import type { io } from '@tensorflow/tfjs-core';
import { ModelError } from '@onda/contract';
import type { NetSpec } from '../netSpec.ts';
import type { WeightSpec } from '../weightSpecs.ts';
import { weightSize, weightSpecs } from '../weightSpecs.ts';
import { readMetadata } from './netMetadata.ts';
import { readTopology } from './readTopology.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/**
 * Reads a net from the artifacts of a TensorFlow.js layers model.
 *
 * @returns the spec, and values of each weight in the order and layout of `weightSpecs`
 * @throws ModelError for a model that is not a net, or whose weights are missing or of another size
 */
export function readArtifacts(artifacts: io.ModelArtifacts): { spec: NetSpec; weights: Float32Array[] } {
  const spec = readTopology(artifacts.modelTopology, readMetadata(artifacts.userDefinedMetadata));
  const bytes = weightBytes(artifacts.weightData);
  const stored = new Map<string, { entry: io.WeightsManifestEntry; offset: number }>();
  let offset = 0;
  for (const entry of artifacts.weightSpecs ?? []) {
    if (entry.dtype !== 'float32' || entry.quantization !== undefined) {
      throw new ModelError(
        `weight "${entry.name}": expected plain float32, got ${entry.quantization === undefined ? entry.dtype : 'quantized values'}; save the model without quantization`,
      );
    }
    stored.set(entry.name, { entry, offset });
    offset += BYTES * entry.shape.reduce((size, dim) => size * dim, 1);
  }
  if (offset !== bytes.byteLength) {
    throw new ModelError(
      `model weights: expected ${offset} bytes as the weight specs say, got ${bytes.byteLength}; the file is damaged or cut short, save the model again`,
    );
  }
  const weights = weightSpecs(spec).map((weight) => {
    const found = stored.get(weight.name);
    if (found === undefined) {
      throw new ModelError(`weight "${weight.name}": missing from the model; save the model again`);
    }
    checkShape(weight, found.entry.shape);
    return new Float32Array(bytes.slice(found.offset, found.offset + BYTES * weightSize(weight)).buffer);
  });
  return { spec, weights };
}

function checkShape({ name, shape }: WeightSpec, given: readonly number[]): void {
  if (given.length === shape.length && given.every((dim, index) => dim === shape[index])) return;
  throw new ModelError(
    `weight "${name}": expected shape [${shape.join(', ')}] as the model's layers say, got [${given.join(', ')}]; save the model again`,
  );
}

/** The weights' bytes in one piece; TensorFlow.js keeps them in one buffer or in several. */
function weightBytes(data: io.WeightData | undefined): Uint8Array {
  const parts = (Array.isArray(data) ? data : data === undefined ? [] : [data]).map(
    (part) => new Uint8Array(part),
  );
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
