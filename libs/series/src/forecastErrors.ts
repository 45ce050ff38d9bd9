import { ShapeError } from '@onda/contract';
import type { Evaluation } from './dataSource.ts';

/** Errors of a forecast in the units of the data (`mse` in their square). */
export interface ForecastErrors {
  mse: number;
  rmse: number;
  mae: number;
}

/** Errors over all values from sample `from` on. */
export interface ForecastReport {
  forecast: ForecastErrors;
  /** Errors of the naive forecast, which repeats the last value (for video: the last frame). */
  naive: ForecastErrors;
  /** Number of evaluated samples of all sequences. */
  samples: number;
}

/**
 * Computes the errors of a forecast and of the naive forecast on hold-out data.
 *
 * @param prediction in the units of the data, shape [batch, time, outputs] of `evaluation.y`
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
    // The naive forecast of the value `lag` samples later is x itself.
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
