import { ShapeError } from '@onda/contract';
import type { Evaluation } from './chunkSource.ts';

/** How far a forecast is from the truth, in the data's own units (`mse` in their square). */
export interface ForecastErrors {
  mse: number;
  rmse: number;
  mae: number;
}

/** Errors over every value from sample `from` on. */
export interface ForecastReport {
  forecast: ForecastErrors;
  /** Of the naive forecast: the last value once more (for video: the same frame again). */
  naive: ForecastErrors;
  /** Samples judged, of all sequences together. */
  samples: number;
}

/**
 * Judges a forecast of what was kept from training beside the naive forecast.
 *
 * @param prediction in the data's own units, shape [batch, time, outputs] of `evaluation.y`
 * @throws ShapeError if `prediction` has another length
 */
export function judgeForecast(evaluation: Evaluation, prediction: Float32Array): ForecastReport {
  const { x, y, batch, time, outputs, from } = evaluation;
  if (prediction.length !== y.length) {
    throw new ShapeError(
      `forecast: expected ${y.length} values [${batch}, ${time}, ${outputs}], got ${prediction.length}; predict every sample of the evaluation`,
    );
  }
  return {
    forecast: meanErrors(prediction, y, evaluation),
    // What follows a value by the lag is forecast to be that value: x as it stands.
    naive: meanErrors(x, y, evaluation),
    samples: batch * (time - from),
  };
}

function meanErrors(forecast: Float32Array, truth: Float32Array, shape: Evaluation): ForecastErrors {
  const { batch, time, outputs, from } = shape;
  let squares = 0;
  let sizes = 0;
  for (let row = 0; row < batch; row++) {
    for (let index = (row * time + from) * outputs; index < (row + 1) * time * outputs; index++) {
      const error = forecast[index] - truth[index];
      squares += error * error;
      sizes += Math.abs(error);
    }
  }
  const count = batch * (time - from) * outputs;
  return { mse: squares / count, rmse: Math.sqrt(squares / count), mae: sizes / count };
}
