import type { ManifestForecaster, TensorLists } from '@onda/contract';
import { exportForecaster, writeModel } from '@onda/exporter';
import { LEAST_SEASON, SEASON_TEST_QUANTILE, smoothingFactors } from './baselines/theta.ts';
import type { SeasonModel } from './season/seasonModel.ts';
import { thetaSamples } from './season/seasonModel.ts';
import { contextOf, LEAST_DIFFERENCE, LEAST_SHARE } from './season/seasonSpec.ts';

/** A forecaster as an ONNX file, with the entries of its manifest. */
export interface ForecasterFile {
  bytes: Uint8Array;
  tensors: TensorLists;
  forecaster: ManifestForecaster;
}

/**
 * Writes a forecaster as one ONNX file.
 *
 *   x [batch, time, targets]  ->  y [batch, horizon, levels * targets]
 *
 * @param targets columns of a series
 * @throws ConfigError for an opset out of range
 */
export function forecasterFile(
  { spec, members, theta }: SeasonModel,
  targets: number,
  { name = 'forecaster', opset }: { name?: string; opset?: number } = {},
): ForecasterFile {
  const samples = thetaSamples(spec.period);
  const { model, tensors, levels } = exportForecaster({
    name,
    targets,
    network: {
      ...spec,
      leastDifference: LEAST_DIFFERENCE,
      leastShare: LEAST_SHARE,
      members: members.map((member) => member.weights()),
    },
    theta:
      theta === 0
        ? null
        : {
            weight: theta,
            samples,
            factors: smoothingFactors,
            testQuantile: SEASON_TEST_QUANTILE,
            leastSeason: LEAST_SEASON,
          },
    ...(opset !== undefined && { opset }),
  });
  return {
    bytes: writeModel(model),
    tensors,
    forecaster: {
      horizon: spec.horizon,
      levels: [...levels],
      period: spec.period,
      context: theta === 0 ? contextOf(spec) : Math.max(contextOf(spec), samples),
      targets,
    },
  };
}
