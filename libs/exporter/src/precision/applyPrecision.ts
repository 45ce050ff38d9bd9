import { ConfigError } from '@onda/contract';
import type { Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/artifacts.ts';
import type { Precision } from './precision.ts';
import { precisions } from './precision.ts';
import type { QuantizedModel } from './quantizeGraph.ts';
import { quantizeModel } from './quantizeGraph.ts';
import { roundWeights } from './roundWeights.ts';
import { storeHalf } from './storeHalf.ts';

/**
 * The artifacts that a model of this precision is made of.
 *
 * @throws ConfigError for an unknown precision, or a weight that it cannot hold
 */
export function artifactsIn(artifacts: LayersArtifacts, precision: Precision): LayersArtifacts {
  if (!precisions.includes(precision)) {
    throw new ConfigError(
      `precision: expected ${precisions.join(', ')}, got ${JSON.stringify(precision)}; correct it or leave it out`,
    );
  }
  return precision === 'float16' ? { ...artifacts, ...roundWeights(artifacts) } : artifacts;
}

/** The model with its weights kept in this precision. */
export function modelIn(model: Model, precision: Precision): QuantizedModel {
  if (precision === 'int8') return quantizeModel(model);
  return { model: precision === 'float16' ? storeHalf(model) : model, notes: [] };
}
