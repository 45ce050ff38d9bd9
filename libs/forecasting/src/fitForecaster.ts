import { ConfigError, DataError } from '@onda/contract';
import type { SeriesSet, TimeStep } from '@onda/series';
import { Forecaster } from './forecaster.ts';
import { columnOf, defaultLevels } from './predictor.ts';
import { fitSeason } from './season/fitSeason.ts';

/** Settings of `fitForecaster`; only the horizon is required. */
export interface FitForecasterOptions {
  /** Samples ahead that the forecaster can forecast. */
  horizon: number;
  /** Samples per season, 1 for none. Default: that of the series set; for an array 1. */
  period?: number;
  /** Times of an array's values: milliseconds since 1970-01-01 UTC, with `step`; forecasts carry times then. */
  times?: ArrayLike<number>;
  /** Distance of the times. */
  step?: TimeStep;
  /** Series of the same step and season to learn from, which are not forecast and do not count in the choice of settings. */
  related?: SeriesSet;
  /** Quantile levels besides the median; default 0.1 to 0.9. */
  levels?: readonly number[];
  /** An integer from 0 to 2 ** 32 - 1; default 1. The same seed, data and backend give the same forecaster unless the time limit ends the fit. */
  seed?: number;
  /** Training steps of each network; default: as the validation part says. */
  steps?: number;
  /** Networks of the ensemble; default 5. */
  members?: number;
  /** Whether the Theta method is averaged in; default `auto`: as the validation part says. */
  theta?: 'auto' | boolean;
  /** Milliseconds after which fewer settings are tried and fewer networks trained; default 90,000. */
  timeLimitMs?: number;
  /** Receives one line per stage. */
  onProgress?: (line: string) => void;
  /** Ends the fit early, with what is trained by then. */
  signal?: AbortSignal;
}

/**
 * Fits a forecaster to the values of one series, or to all series and columns of a set with common weights: an ensemble of recurrent
 * networks with a season encoder and a horizon decoder, averaged with the Theta method where that helps. Settings are chosen by a
 * validation part at the end of the values.
 *
 * Runs on TensorFlow.js's current backend, in Node or in a browser.
 *
 * @example
 * const forecaster = await fitForecaster(monthlyPassengers, { horizon: 12, period: 12 });
 * const [{ median, quantiles }] = forecaster.forecast(12);
 *
 * @param data values of one series in order of time, or a set of series
 * @throws ConfigError for a setting out of range; DataError for values that are not finite, or series that are too short
 */
export async function fitForecaster(
  data: ArrayLike<number> | SeriesSet,
  options: FitForecasterOptions,
): Promise<Forecaster> {
  const set = 'series' in data ? data : setOf(data, options);
  const {
    horizon,
    steps,
    seed = 1,
    members = 5,
    theta = 'auto',
    timeLimitMs = 90_000,
    onProgress,
    signal,
  } = options;
  const period = options.period ?? set.period;
  const levels = checkLevels(options.levels ?? defaultLevels);
  for (const [name, value] of Object.entries({ horizon, period, members, steps: steps ?? 1 })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ConfigError(
      `fitForecaster: expected a whole number of at least 1 as ${name}, got ${value}; correct it`,
    );
  }
  const columns = columnsOf(set);
  const least = Math.max(period, 2) + horizon;
  if (!columns.some(({ length }) => length >= least)) {
    const longest = Math.max(0, ...columns.map(({ length }) => length));
    throw new DataError(
      `fitForecaster: expected a series of at least ${least} samples (a season of ${period}, ${horizon} ahead), got at most ${longest}; add samples, or lower the horizon`,
    );
  }
  const fit = await fitSeason(columns, {
    related: options.related === undefined ? [] : columnsOf(options.related),
    ...{ period, horizon, levels, seed, members, theta, steps, timeLimitMs, onProgress, signal },
  });
  return new Forecaster(fit, { ...set, period });
}

/**
 * Every column of every series.
 *
 * @throws DataError naming a value that is not finite
 */
function columnsOf(set: SeriesSet): Float64Array[] {
  return set.series.flatMap((series) =>
    set.targets.map((name, target) => {
      const column = columnOf({ set, series }, target);
      const bad = column.findIndex((value) => !Number.isFinite(value));
      if (bad < 0) return column;
      throw new DataError(
        `series ${JSON.stringify(series.id)}, column "${name}", sample ${bad}: expected a number, got ${column[bad]}; correct or interpolate it`,
      );
    }),
  );
}

/** A set of one series from its values. */
function setOf(values: ArrayLike<number>, { times, step, period = 1 }: FitForecasterOptions): SeriesSet {
  const { length } = values;
  if (times !== undefined && times.length !== length) {
    throw new ConfigError(
      `fitForecaster: expected a time for each of the ${length} values, got ${times.length}; pass as many`,
    );
  }
  return {
    targets: ['value'],
    covariates: [],
    series: [
      {
        id: 'value',
        length,
        values: Float64Array.from(values),
        covariates: new Float64Array(0),
        times: times === undefined ? null : Float64Array.from(times),
      },
    ],
    step: step ?? null,
    period,
    notes: [],
  };
}

/** Ascending levels with the median. */
function checkLevels(given: readonly number[]): number[] {
  const bad = given.find((level) => !(level > 0 && level < 1));
  if (bad !== undefined) {
    throw new ConfigError(
      `fitForecaster: expected quantile levels between 0 and 1, got ${bad}; correct levels`,
    );
  }
  const levels = [...new Set([...given, 0.5])].sort((a, b) => a - b);
  if ((levels.length - 1) / 2 !== levels.indexOf(0.5)) {
    throw new ConfigError(
      `fitForecaster: expected as many quantile levels below 0.5 as above, got ${given.join(', ')}; add the missing ones`,
    );
  }
  return levels;
}
