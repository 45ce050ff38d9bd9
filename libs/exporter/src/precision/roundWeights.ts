import { ConfigError } from '@onda/contract';
import type { LayersArtifacts } from '../artifacts/artifacts.ts';
import { halfToFloat } from '../artifacts/decodeWeight.ts';
import { readWeights } from '../artifacts/readWeights.ts';
import { floatToHalf, largestHalf } from './halfFloat.ts';

/** Weights as artifacts hold them, in float32. */
export interface RoundedWeights {
  readonly weightSpecs: { name: string; shape: number[]; dtype: 'float32' }[];
  readonly weightData: ArrayBuffer;
}

/**
 * A model's weights, each rounded to a half float. Rounding comes before anything else, so that all that is made of the
 * weights (model.onnx, a generator with folded weights) agrees to the last bits.
 *
 * @throws ConfigError for a weight beyond the largest half float
 */
export function roundWeights(artifacts: LayersArtifacts): RoundedWeights {
  const weights = [...readWeights(artifacts).values()];
  // A new array: what is read may be the caller's own bytes.
  const whole = new Float32Array(weights.reduce((size, { data }) => size + data.length, 0));
  let offset = 0;
  for (const { name, data } of weights) {
    for (const value of data) {
      const rounded = halfToFloat(floatToHalf(value));
      if (!Number.isFinite(rounded)) {
        throw new ConfigError(
          `weight "${name}": expected values within +-${largestHalf}, as float16 holds them, got ${value}; export in float32`,
        );
      }
      whole[offset++] = rounded;
    }
  }
  const weightSpecs = weights.map(({ name, shape }) => ({
    name,
    shape: [...shape],
    dtype: 'float32' as const,
  }));
  return { weightSpecs, weightData: whole.buffer };
}
