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
  /** The errors of each output alone. */
  columns: { forecast: ForecastErrors; naive: ForecastErrors }[];
}

/**
 * Computes the errors of forecasts and of the naive forecast on hold-out data, over the values of all series.
 *
 * @param predictions one per evaluation, in the units of the data, shape [batch, time, outputs] of its `y`
 * @throws ShapeError if a prediction has another length
 */
export function judgeForecast(
  evaluations: readonly Omit<Evaluation, 'id'>[],
  predictions: readonly (Float32Array | Float64Array)[],
): ForecastReport {
  for (const [index, { y, batch, time, outputs }] of evaluations.entries()) {
    const { length } = predictions[index];
    if (length !== y.length) {
      throw new ShapeError(
        `forecast: expected ${y.length} values [${batch}, ${time}, ${outputs}], got ${length}; predict every sample of the evaluation`,
      );
    }
  }
  // The naive forecast of the value `lag` samples later is x itself.
  const naive = evaluations.map(({ x }) => x);
  const outputs = evaluations.length > 0 ? evaluations[0].outputs : 0;
  return {
    forecast: meanErrors(predictions, evaluations),
    naive: meanErrors(naive, evaluations),
    columns: Array.from({ length: outputs }, (_, column) => ({
      forecast: meanErrors(predictions, evaluations, column),
      naive: meanErrors(naive, evaluations, column),
    })),
    samples: evaluations.reduce((sum, { batch, time, from }) => sum + batch * (time - from), 0),
  };
}

function meanErrors(
  forecasts: readonly (Float32Array | Float64Array)[],
  evaluations: readonly Omit<Evaluation, 'id'>[],
  column?: number,
): ForecastErrors {
  let squares = 0;
  let sizes = 0;
  let count = 0;
  for (const [index, { y, batch, time, outputs, from }] of evaluations.entries()) {
    const forecast = forecasts[index];
    for (let row = 0; row < batch; row++) {
      for (let place = (row * time + from) * outputs; place < (row + 1) * time * outputs; place++) {
        if (column !== undefined && place % outputs !== column) continue;
        const error = forecast[place] - y[place];
        squares += error * error;
        sizes += Math.abs(error);
        count++;
      }
    }
  }
  return { mse: squares / count, rmse: Math.sqrt(squares / count), mae: sizes / count };
}
