import { ConfigError } from '@onda/contract';
import type { Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { roundWeights, storeHalf } from '../graph/float16.ts';
import type { QuantizedModel } from '../graph/int8.ts';
import { quantizeModel } from '../graph/int8.ts';

/**
 * In what numbers a file keeps its weights; values come, go and are computed in float32 whatever is chosen.
 *
 *   float32   as they were trained
 *   float16   half the size. ONNX Runtime's CPU has no half-float kernels for recurrent layers, so each weight is turned into float32
 *             when the model is loaded (constant folding); runs are as fast as in float32, and exact for the rounded weights
 *   int8      a quarter of the size for LSTM and dense layers, which then compute in whole numbers, with inputs quantized at run time
 */
export const precisions = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

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
