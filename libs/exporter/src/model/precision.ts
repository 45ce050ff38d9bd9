import { ConfigError } from '@onda/contract';
import type { Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { roundWeights, storeHalf } from '../graph/float16.ts';
import type { QuantizedModel } from '../graph/int8.ts';
import { quantizeModel } from '../graph/int8.ts';

/**
 * How a file stores its weights. Inputs, outputs and computation are float32 in all cases, except for int8 products.
 *
 *   float32   as trained
 *   float16   half the size. ONNX Runtime's CPU provider has no half-float kernels for recurrent layers, so weights are cast to float32
 *             at load (constant folding); runs are as fast as in float32, and exact for the rounded weights
 *   int8      a quarter of the size for LSTM and dense layers, which compute integer products with inputs quantized at run time
 */
export const precisions = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

/**
 * The artifacts to export in this precision.
 *
 * @throws ConfigError for an unknown precision, or a weight out of its range
 */
export function artifactsIn(
  artifacts: LayersArtifacts,
  precision: Precision,
  allowNan: boolean,
): LayersArtifacts {
  if (!precisions.includes(precision)) {
    throw new ConfigError(
      `precision: expected ${precisions.join(', ')}, got ${JSON.stringify(precision)}; correct it or leave it out`,
    );
  }
  return precision === 'float16' ? { ...artifacts, ...roundWeights(artifacts, allowNan) } : artifacts;
}

/** The model with its weights stored in this precision. */
export function modelIn(model: Model, precision: Precision): QuantizedModel {
  if (precision === 'int8') return quantizeModel(model);
  return { model: precision === 'float16' ? storeHalf(model) : model, notes: [] };
}
