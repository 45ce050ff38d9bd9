import { ConfigError, DataError } from '@onda/contract';
import type { SeriesSet } from '@onda/series';
import { formatTime, timeAfter } from '@onda/series';
import type { ForecasterFile } from './forecasterFile.ts';
import { forecasterFile } from './forecasterFile.ts';
import type { ForecastTask, Prediction, Predictor } from './predictor.ts';
import { columnOf } from './predictor.ts';
import type { SeasonFit } from './season/fitSeason.ts';
import { forecastColumns } from './season/seasonModel.ts';

/** The forecast of one series. */
export interface SeriesForecast {
  id: string;
  /** Row-major, shape [horizon, targets]. */
  median: Float64Array;
  /** Shape [horizon, targets, levels]. */
  quantiles: Float64Array;
  /** Milliseconds since 1970-01-01 UTC, or numbers of an index; null where times are not known. */
  times: number[] | null;
  /** The times as text, as precise as their step. */
  labels: string[] | null;
}

/** A fitted forecaster: `fitForecaster`. */
export class Forecaster implements Predictor {
  readonly name = 'model';
  /** What was chosen from the data and why, one sentence each. */
  readonly choices: readonly string[];
  /** MASE over the validation part, of the model and of the seasonal naive forecast; null where series were too short for one. */
  readonly validation: SeasonFit['validation'];
  /** Training loss of the first network, by step. */
  readonly losses: Float32Array;
  private readonly fit: SeasonFit;
  private set: SeriesSet;

  constructor(fit: SeasonFit, set: SeriesSet) {
    this.fit = fit;
    this.set = set;
    this.choices = fit.choices;
    this.validation = fit.validation;
    this.losses = fit.losses;
  }

  /** Levels of the quantiles, ascending. */
  get levels(): readonly number[] {
    return this.fit.spec.levels;
  }

  /** Samples ahead at most. */
  get horizon(): number {
    return this.fit.spec.horizon;
  }

  /** Samples per season; 1: none. */
  get period(): number {
    return this.fit.spec.period;
  }

  /** Names of the columns. */
  get targets(): readonly string[] {
    return this.set.targets;
  }

  /**
   * Forecasts the samples after the end of each series.
   *
   * @param horizon samples ahead; default: the horizon of the fit
   * @throws ConfigError for a longer horizon than that of the fit
   */
  forecast(horizon = this.horizon): SeriesForecast[] {
    const { set } = this;
    const predictions = this.predict(set.series.map((series) => ({ set, series, horizon })));
    return set.series.map(({ id, times, length }, index) => {
      const { values, quantiles } = predictions[index];
      const { step } = set;
      const known = times !== null && times.length >= length && length > 0 ? times[length - 1] : null;
      const ahead =
        step === null || known === null
          ? null
          : Array.from({ length: horizon }, (_, at) => timeAfter(step, known, at + 1));
      return {
        id,
        median: values,
        quantiles: quantiles as Float64Array,
        times: ahead,
        labels: step === null || ahead === null ? null : ahead.map((time) => formatTime(step, time)),
      };
    });
  }

  /** Forecasts any histories of the same columns, as in a backtest. */
  predict(tasks: readonly ForecastTask[]): Prediction[] {
    const { horizon: most, levels } = this.fit.spec;
    const width = this.set.targets.length;
    for (const { horizon, series, set } of tasks) {
      if (!Number.isSafeInteger(horizon) || horizon < 1 || horizon > most) {
        throw new ConfigError(
          `forecast: expected a horizon of 1 to ${most} samples, got ${horizon}; fit a forecaster with a longer horizon`,
        );
      }
      if (set.targets.length !== width || series.length < 1) {
        throw new DataError(
          `forecast: expected a history of ${width} columns and at least one sample, got ${set.targets.length} columns and ${series.length} samples; pass the columns of the fit`,
        );
      }
    }
    const columns = tasks.flatMap((task) =>
      Array.from({ length: width }, (_, target) => columnOf(task, target)),
    );
    const forecasts = forecastColumns(this.fit, columns);
    return tasks.map(({ horizon }, index) =>
      joinColumns(forecasts.slice(index * width, (index + 1) * width), horizon, levels.length),
    );
  }

  /**
   * Appends new samples, after which the forecast starts; the weights stay.
   *
   * @param values row-major, shape [samples, targets]
   * @param series id of the series; may be left out where there is one
   * @throws ConfigError for an unknown series; DataError for values that are not finite or whole samples
   */
  update(values: ArrayLike<number>, series?: string): void {
    const { set } = this;
    const ids = set.series.map(({ id }) => id);
    const place = series === undefined && ids.length === 1 ? 0 : ids.indexOf(series ?? '');
    if (place < 0) {
      throw new ConfigError(
        `update: expected the id of one of ${ids.length} series, got ${series === undefined ? 'none' : JSON.stringify(series)}; pass it`,
      );
    }
    const width = set.targets.length;
    const bad = Array.from(values).find((value) => !Number.isFinite(value));
    if (values.length % width !== 0 || bad !== undefined) {
      throw new DataError(
        `update: expected finite values, ${width} per sample, got ${bad === undefined ? `${values.length} values` : bad}; correct them`,
      );
    }
    const before = set.series[place];
    const added = values.length / width;
    const joined = new Float64Array(before.values.length + values.length);
    joined.set(before.values);
    joined.set(Array.from(values), before.values.length);
    const after = {
      ...before,
      length: before.length + added,
      values: joined,
      times: timesAfter(before.times, before.length, added, set.step),
    };
    this.set = { ...set, series: set.series.map((one, index) => (index === place ? after : one)) };
  }

  /**
   * The forecaster as one ONNX file: the ensemble, its scaling and the average with the Theta method.
   *
   * @throws ConfigError for an opset out of range
   */
  toOnnx(options: { name?: string; opset?: number } = {}): ForecasterFile {
    return forecasterFile(this.fit, this.set.targets.length, options);
  }

  /** Frees the weights; the forecaster cannot run afterwards. */
  dispose(): void {
    for (const member of this.fit.members) member.dispose();
  }
}

/** Columns side by side, the first steps of them. */
function joinColumns(columns: readonly Float64Array[], horizon: number, levels: number): Prediction {
  const width = columns.length;
  const values = new Float64Array(horizon * width);
  const quantiles = new Float64Array(values.length * levels);
  for (const [target, column] of columns.entries()) {
    for (let step = 0; step < horizon; step++) {
      const at = step * width + target;
      quantiles.set(column.subarray(step * levels, (step + 1) * levels), at * levels);
      values[at] = column[step * levels + (levels >> 1)];
    }
  }
  return { values, quantiles };
}

/** Times with those of added samples; known ones stay. */
function timesAfter(
  times: Float64Array | null,
  length: number,
  added: number,
  step: SeriesSet['step'],
): Float64Array | null {
  if (times === null || step === null || times.length >= length + added) return times;
  const last = times[length - 1];
  return Float64Array.from({ length: length + added }, (_, index) =>
    index < times.length ? times[index] : timeAfter(step, last, index - length + 1),
  );
}
