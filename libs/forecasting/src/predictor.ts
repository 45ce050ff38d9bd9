import type { Series, SeriesSet } from '@onda/series';

/** What to forecast: the samples after the end of a series. */
export interface ForecastTask {
  /** Names, step and season length. */
  set: Pick<SeriesSet, 'targets' | 'covariates' | 'step' | 'period'>;
  /** The history. Covariates and times may continue after it: they are known ahead. */
  series: Series;
  /** Number of samples to forecast. */
  horizon: number;
}

/** A forecast in the units of the data. */
export interface Prediction {
  /** The point forecast, row-major, shape [horizon, targets]. */
  values: Float64Array;
  /** Quantiles at the predictor's levels, shape [horizon, targets, levels]; null without them. */
  quantiles: Float64Array | null;
}

/** A forecaster that a backtest can compare: a baseline, a fitted network, an exported file. */
export interface Predictor {
  /** As in the rows of an evaluation: `model`, `last-value`. */
  readonly name: string;
  /** Levels of the quantiles, ascending. */
  readonly levels: readonly number[];
  /** Forecasts many histories at once, in the order of the tasks. */
  predict(tasks: readonly ForecastTask[]): Prediction[] | Promise<Prediction[]>;
}

/** The levels of quantiles when none are given: 0.1 to 0.9. */
export const defaultLevels: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** One target of a series, in order of time. */
export function columnOf(
  { set, series }: { set: Pick<SeriesSet, 'targets'>; series: Series },
  target: number,
): Float64Array {
  const width = set.targets.length;
  return Float64Array.from({ length: series.length }, (_, row) => series.values[row * width + target]);
}
