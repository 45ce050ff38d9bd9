/** A row of evaluation.json: the errors of a forecaster over a part of the hold-out. */
export interface EvaluationRow {
  /** `model`, or the name of a baseline. */
  forecaster: string;
  /** Samples ahead; `all`: every step up to the horizon. */
  horizon: number | 'all';
  /** Left out: all series. */
  series?: string;
  /** Left out: all columns. */
  column?: string;
  mae: number;
  rmse: number;
  /** Symmetric mean absolute percentage error, 0 to 200. */
  smape: number;
  /**
   * Mean absolute error over that of the seasonal naive forecast inside the samples before the hold-out; the mean over series and
   * columns. Null where that error is 0.
   */
  mase: number | null;
  /** Continuous ranked probability score: twice the mean pinball loss over the quantile levels. Null without quantiles. */
  crps: number | null;
  /** `crps` over the scale of `mase`. */
  scaledCrps: number | null;
  /** Share of values within the interval from the quantile 0.1 to 0.9; null without these levels. */
  coverage80: number | null;
  /** Share of values within the interval from the quantile 0.2 to 0.8; null without these levels. */
  coverage60: number | null;
  /** Number of values. */
  count: number;
}

/** Whether a row is about all series, columns and steps. */
export const isOverall = ({ horizon, series, column }: EvaluationRow): boolean =>
  horizon === 'all' && series === undefined && column === undefined;

/** The sums of errors from which a row is computed. */
export interface ErrorSums {
  absolute: number;
  squared: number;
  percentage: number;
  pinball: number;
  within80: number;
  within60: number;
  count: number;
}

const zeroSums: ErrorSums = {
  absolute: 0,
  squared: 0,
  percentage: 0,
  pinball: 0,
  within80: 0,
  within60: 0,
  count: 0,
};

const sumNames = Object.keys(zeroSums) as (keyof ErrorSums)[];

/** Adds sums of errors. */
export function addSums(parts: readonly ErrorSums[]): ErrorSums {
  const total = { ...zeroSums };
  for (const part of parts) for (const name of sumNames) total[name] += part[name];
  return total;
}

/**
 * The errors of one forecast value.
 *
 * @param quantiles at `levels`; null without quantiles
 */
export function errorsOf(
  actual: number,
  forecast: number,
  quantiles: ArrayLike<number> | null,
  levels: readonly number[],
): ErrorSums {
  const error = actual - forecast;
  const size = Math.abs(actual) + Math.abs(forecast);
  const at = (level: number): number | undefined => {
    const index = levels.findIndex((one) => Math.abs(one - level) < 1e-9);
    return index < 0 ? undefined : quantiles?.[index];
  };
  const within = (low: number, high: number): number => {
    const [lower, upper] = [at(low), at(high)];
    return lower === undefined || upper === undefined ? NaN : Number(actual >= lower && actual <= upper);
  };
  return {
    absolute: Math.abs(error),
    squared: error ** 2,
    percentage: size === 0 ? 0 : (200 * Math.abs(error)) / size,
    pinball: quantiles === null ? NaN : pinballLoss(actual, quantiles, levels),
    within80: within(0.1, 0.9),
    within60: within(0.2, 0.8),
    count: 1,
  };
}

/** The mean pinball loss over levels, times two: with many even levels the continuous ranked probability score. */
function pinballLoss(actual: number, quantiles: ArrayLike<number>, levels: readonly number[]): number {
  let sum = 0;
  for (const [index, level] of levels.entries()) {
    const error = actual - quantiles[index];
    sum += 2 * Math.max(level * error, (level - 1) * error);
  }
  return sum / levels.length;
}

/**
 * The mean absolute error of the seasonal naive forecast inside a column, which is the mean size of its seasonal differences: the scale of
 * MASE (Hyndman and Koehler, 2006).
 *
 * @param end samples that count: those before the hold-out
 * @returns 0 for a column that repeats its season, or is not longer than one
 */
export function seasonalError(column: Float64Array, period: number, end: number): number {
  let sum = 0;
  for (let index = period; index < end; index++) sum += Math.abs(column[index] - column[index - period]);
  return end > period ? sum / (end - period) : 0;
}

/** Errors of one column of a series, and the scale of its MASE. */
export interface ScaledSums {
  sums: ErrorSums;
  scale: number;
}

/** The figures of a row over these columns of series. */
export function rowFigures(
  parts: readonly ScaledSums[],
): Omit<EvaluationRow, 'forecaster' | 'horizon' | 'series' | 'column'> {
  const { count, ...sums } = addSums(parts.map((part) => part.sums));
  const scaled = parts.filter(({ scale }) => scale > 0);
  const scaledMean = (name: 'absolute' | 'pinball'): number | null =>
    finite(
      scaled.reduce((sum, part) => sum + part.sums[name] / part.sums.count / part.scale, 0) / scaled.length,
    );
  return {
    mae: sums.absolute / count,
    rmse: Math.sqrt(sums.squared / count),
    smape: sums.percentage / count,
    mase: scaledMean('absolute'),
    crps: finite(sums.pinball / count),
    scaledCrps: scaledMean('pinball'),
    coverage80: finite(sums.within80 / count),
    coverage60: finite(sums.within60 / count),
    count,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
