import { ConfigError, DataError, ResultError } from '@onda/contract';
import type { SeriesSet } from '@onda/series';
import type { ErrorSums, EvaluationRow, ScaledSums } from './metrics.ts';
import { addSums, errorsOf, isOverall, rowFigures, seasonalError } from './metrics.ts';
import type { ForecastTask, Prediction, Predictor } from './predictor.ts';
import { columnOf } from './predictor.ts';

/** What a backtest forecasts. */
export interface BacktestOptions {
  /** Samples at the end of each series that are forecast. */
  holdout: number;
  /** Samples per forecast, at most `holdout`. */
  horizon: number;
  /** Samples between two origins; default: the horizon, so that each value is forecast once. */
  stride?: number;
}

/** A forecast from one origin, beside the values that came. */
export interface OriginForecast extends Prediction {
  forecaster: string;
  levels: readonly number[];
  /** Id of the series. */
  series: string;
  /** Number of samples before the first forecast one. */
  origin: number;
  /** Shape [horizon, targets]. */
  actual: Float64Array;
  /** Times of the forecast samples; null without times. */
  times: Float64Array | null;
}

export interface Backtest {
  rows: EvaluationRow[];
  forecasts: OriginForecast[];
  /** What limits the figures, one sentence each. */
  notes: string[];
}

/**
 * Forecasts the hold-out from rolling origins: every `stride` samples, from the history before it alone, the last origin `horizon`
 * samples before the end.
 *
 * @throws ConfigError for sizes that do not fit; DataError naming a series without history; ResultError naming a forecaster whose
 * forecast is not finite or has another size
 */
export async function backtest(
  set: SeriesSet,
  predictors: readonly Predictor[],
  options: BacktestOptions,
): Promise<Backtest> {
  const { horizon } = options;
  const tasks = originTasks(set, options);
  const scales = set.series.map((series) =>
    set.targets.map((_, target) =>
      seasonalError(columnOf({ set, series }, target), set.period, series.length - options.holdout),
    ),
  );
  const rows: EvaluationRow[] = [];
  const forecasts: OriginForecast[] = [];
  for (const predictor of predictors) {
    const { name, levels } = predictor;
    const predictions = await predictor.predict(tasks.map(({ task }) => task));
    const cells = set.series.map(() =>
      set.targets.map(() => Array.from({ length: horizon }, () => addSums([]))),
    );
    for (const [index, { task, place }] of tasks.entries()) {
      const prediction = predictions[index];
      checkPrediction(predictor, task, prediction);
      const { id, values, times } = set.series[place];
      const origin = task.series.length;
      const width = set.targets.length;
      const actual = values.subarray(origin * width, (origin + horizon) * width);
      forecasts.push({
        ...prediction,
        forecaster: name,
        levels,
        series: id,
        origin,
        actual,
        times: times?.subarray(origin, origin + horizon) ?? null,
      });
      for (let at = 0; at < actual.length; at++) {
        const quantiles =
          prediction.quantiles?.subarray(at * levels.length, (at + 1) * levels.length) ?? null;
        const column = cells[place][at % width];
        const step = Math.floor(at / width);
        column[step] = addSums([
          column[step],
          errorsOf(actual[at], prediction.values[at], quantiles, levels),
        ]);
      }
    }
    rows.push(...evaluationRows(set, name, cells, scales));
  }
  return { rows, forecasts, notes: scaleNotes(set, scales) };
}

/** The tasks of all origins, in order of series and time. */
function originTasks(
  set: SeriesSet,
  { holdout, horizon, stride = horizon }: BacktestOptions,
): { task: ForecastTask; place: number }[] {
  for (const [name, value] of Object.entries({ holdout, horizon, stride })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ConfigError(
      `backtest: expected a whole number of at least 1 as ${name}, got ${value}; correct it`,
    );
  }
  if (horizon > holdout) {
    throw new ConfigError(
      `backtest: expected a horizon of at most the ${holdout} samples held out, got ${horizon}; hold out more samples, or lower the horizon`,
    );
  }
  return set.series.flatMap((series, place) => {
    if (series.length <= holdout) {
      throw new DataError(
        `backtest: expected more than the ${holdout} samples held out in series ${JSON.stringify(series.id)}, got ${series.length}; lower the hold-out`,
      );
    }
    const width = set.targets.length;
    const count = Math.floor((holdout - horizon) / stride) + 1;
    return Array.from({ length: count }, (_, index) => {
      const length = series.length - horizon - (count - 1 - index) * stride;
      const cut = { ...series, length, values: series.values.subarray(0, length * width) };
      return { place, task: { set, series: cut, horizon } };
    });
  });
}

function checkPrediction({ name, levels }: Predictor, task: ForecastTask, prediction: Prediction): void {
  const { series, horizon, set } = task;
  const where = `forecaster "${name}", series ${JSON.stringify(series.id)}, origin ${series.length}`;
  const size = horizon * set.targets.length;
  const { values, quantiles } = prediction;
  if (values.length !== size || (quantiles !== null && quantiles.length !== size * levels.length)) {
    throw new ResultError(
      `${where}: expected ${size} values [${horizon}, ${set.targets.length}], got ${values.length}; forecast the whole horizon`,
    );
  }
  const bad = [...values, ...(quantiles ?? [])].find((value) => !Number.isFinite(value));
  if (bad !== undefined) {
    throw new ResultError(`${where}: expected a finite forecast, got ${bad}; check the data or train again`);
  }
}

/** Sums by series, column and step, shape [series, targets, horizon]. */
type Cells = readonly (readonly (readonly ErrorSums[])[])[];

function evaluationRows(
  set: SeriesSet,
  forecaster: string,
  cells: Cells,
  scales: readonly (readonly number[])[],
): EvaluationRow[] {
  const { targets } = set;
  // A series named by its only column needs one name.
  const many = { series: set.series.length > 1, columns: targets.length > 1 };
  const places = set.series.flatMap((_, place) => targets.map((__, target) => ({ place, target })));
  const row = (where: { series?: number; column?: number }, horizon: number | 'all'): EvaluationRow => {
    const parts = places
      .filter(({ place, target }) => place === (where.series ?? place) && target === (where.column ?? target))
      .map(({ place, target }): ScaledSums => {
        const steps = cells[place][target];
        return {
          sums: horizon === 'all' ? addSums(steps) : steps[horizon - 1],
          scale: scales[place][target],
        };
      });
    return {
      forecaster,
      horizon,
      ...(where.series !== undefined && { series: set.series[where.series].id }),
      ...(where.column !== undefined && { column: targets[where.column] }),
      ...rowFigures(parts),
    };
  };
  const horizon = cells[0][0].length;
  const columns = targets.map((_, column) => column);
  const byColumn = (where: { series?: number }): EvaluationRow[] =>
    columns.flatMap((column) => [
      row({ ...where, column }, 'all'),
      ...Array.from({ length: horizon }, (_, step) => row({ ...where, column }, step + 1)),
    ]);
  return [
    row({}, 'all'),
    ...Array.from({ length: horizon }, (_, step) => row({}, step + 1)),
    ...(many.columns ? byColumn({}) : []),
    ...(many.series ? set.series.map((_, series) => row({ series }, 'all')) : []),
    ...(many.series && many.columns
      ? set.series.flatMap((_, series) => columns.map((column) => row({ series, column }, 'all')))
      : []),
  ];
}

function scaleNotes(set: SeriesSet, scales: readonly (readonly number[])[]): string[] {
  const names = set.series.flatMap(({ id }, place) =>
    set.targets.flatMap((target, column) =>
      scales[place][column] === 0 ? [set.series.length > 1 ? `${id}, ${target}` : target] : [],
    ),
  );
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return [
    `no MASE for ${shown.join(', ')}${more}: the seasonal naive forecast has no error before the hold-out`,
  ];
}

/**
 * Warnings for the person who reads an evaluation: the baselines whose MASE (MAE where it is null) is lower than that of `model`.
 *
 * @param rows of one evaluation
 */
export function baselineWarnings(rows: readonly EvaluationRow[], model = 'model'): string[] {
  const overall = rows.filter(isOverall);
  const own = overall.find(({ forecaster }) => forecaster === model);
  if (own === undefined) return [];
  const measure = own.mase === null ? ('mae' as const) : ('mase' as const);
  const figure = (row: EvaluationRow): number => row[measure] ?? Infinity;
  return overall
    .filter((row) => row.forecaster !== model && figure(row) < figure(own))
    .map(
      (row) =>
        `warning: the baseline ${row.forecaster} forecasts the hold-out better than the model (${measure.toUpperCase()} ${figure(row).toPrecision(3)} against ${figure(own).toPrecision(3)})`,
    );
}
