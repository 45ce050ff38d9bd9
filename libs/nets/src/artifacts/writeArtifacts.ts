import type { io } from '@tensorflow/tfjs-core';
import { version_layers as layersVersion } from '@tensorflow/tfjs-layers';
import type { NetSpec } from '../netSpec.ts';
import { weightSpecs } from '../weightSpecs.ts';
import { writeMetadata } from './netMetadata.ts';
import { writeTopology } from './writeTopology.ts';

/**
 * The artifacts of a TensorFlow.js layers model for a net.
 *
 * @param weights values of each weight, in the order and layout of `weightSpecs`
 */
export function writeArtifacts(spec: NetSpec, weights: readonly Float32Array[]): io.ModelArtifacts {
  const specs = weightSpecs(spec);
  const whole = new Float32Array(weights.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const values of weights) {
    whole.set(values, offset);
    offset += values.length;
  }
  const metadata = writeMetadata(spec);
  return {
    format: 'layers-model',
    generatedBy: `TensorFlow.js tfjs-layers v${layersVersion}`,
    modelTopology: writeTopology(spec),
    weightSpecs: specs.map(({ name, shape }) => ({ name, shape: [...shape], dtype: 'float32' })),
    weightData: whole.buffer,
    ...(metadata && { userDefinedMetadata: metadata }),
  };
}
