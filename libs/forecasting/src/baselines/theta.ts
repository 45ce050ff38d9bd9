import type { ColumnForecast, ColumnRule } from './columnForecast.ts';

/** Smoothing factors that are tried. */
export const smoothingFactors: readonly number[] = [
  0.02,
  ...Array.from({ length: 19 }, (_, index) => (index + 1) / 20),
  0.99,
];

/** Quantile of the normal distribution for the 90 % test of seasonality. */
export const SEASON_TEST_QUANTILE = 1.645;

/** Least factor of a multiplicative season: a season of zeros must not divide. */
export const LEAST_SEASON = 1e-3;

/**
 * The Theta method (Assimakopoulos and Nikolopoulos, 2000) in the form of Hyndman and Billah (2003): seasonal adjustment where a test
 * finds a season, simple exponential smoothing, and half the slope of the linear trend as drift. The season is multiplicative where all
 * values are positive, else additive.
 */
export const theta: ColumnRule = (values, sizes) =>
  thetaForecast(values, { ...sizes, multiplicative: values.every((value) => value > 0) });

/** `theta` with a given kind of season; the same computation as a graph is libs/exporter/src/forecaster/thetaGraph.ts. */
export function thetaForecast(
  values: Float64Array,
  { period, horizon, multiplicative: positive }: { period: number; horizon: number; multiplicative: boolean },
): ColumnForecast {
  const season = seasonalComponent(values, period, positive);
  const adjusted = values.map((value, index) => {
    const part = season[index % season.length];
    return positive ? value / part : value - part;
  });
  const { level, factor, deviation } = smooth(adjusted);
  const slope = trendSlope(adjusted) / 2;
  const start = (1 - (1 - factor) ** values.length) / factor;
  const steps = Array.from({ length: horizon }, (_, step) => {
    const value = level + slope * (step + start);
    const part = season[(values.length + step) % season.length];
    const spread = deviation * Math.sqrt(1 + step * factor ** 2);
    return positive ? [value * part, spread * part] : [value + part, spread];
  });
  return { values: steps.map(([value]) => value), deviations: steps.map(([, spread]) => spread) };
}

/** The smoothing factor with the least squared one-step errors, and the level at the end. */
function smooth(values: Float64Array): { level: number; factor: number; deviation: number } {
  let best = { level: values[0], factor: 0.5, squares: Infinity };
  for (const factor of smoothingFactors) {
    let level = values[0];
    let squares = 0;
    for (const value of values) {
      squares += (value - level) ** 2;
      level += factor * (value - level);
    }
    if (squares < best.squares) best = { level, factor, squares };
  }
  const { squares, ...rest } = best;
  return { ...rest, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

/** Slope of the least-squares line, per sample. */
function trendSlope(values: Float64Array): number {
  const middle = (values.length - 1) / 2;
  let products = 0;
  let squares = 0;
  for (const [index, value] of values.entries()) {
    products += (index - middle) * value;
    squares += (index - middle) ** 2;
  }
  return squares === 0 ? 0 : products / squares;
}

/**
 * The seasonal component of the classical decomposition: means of each position in the season of the values over (or minus) their
 * centered moving average.
 *
 * @returns one value per position in the season, normalized; [1] or [0] without a season
 */
function seasonalComponent(values: Float64Array, period: number, multiplicative: boolean): Float64Array {
  if (!isSeasonal(values, period)) return Float64Array.of(multiplicative ? 1 : 0);
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  const half = period >> 1;
  for (let index = half; index < values.length - half; index++) {
    let average = 0;
    for (let offset = -half; offset <= half; offset++) {
      // An even season is centered by half weights at both ends.
      const weight = period % 2 === 0 && Math.abs(offset) === half ? 0.5 : 1;
      average += (weight * values[index + offset]) / period;
    }
    sums[index % period] += multiplicative
      ? values[index] / Math.max(average, 1e-30)
      : values[index] - average;
    counts[index % period] += 1;
  }
  const means = sums.map((sum, place) =>
    counts[place] === 0 ? Number(multiplicative) : sum / counts[place],
  );
  const mean = means.reduce((sum, value) => sum + value / period, 0);
  return means.map((value) =>
    multiplicative ? Math.max(value / Math.max(mean, 1e-30), LEAST_SEASON) : value - mean,
  );
}

/** The 90 % test of the autocorrelation one season apart; at least two seasons. */
function isSeasonal(values: Float64Array, period: number): boolean {
  const count = values.length;
  if (period <= 1 || count < 2 * period + 1) return false;
  const mean = values.reduce((sum, value) => sum + value / count, 0);
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let index = lag; index < count; index++)
      sum += (values[index] - mean) * (values[index - lag] - mean);
    return sum;
  };
  const variance = covariance(0);
  if (variance === 0) return false;
  let squares = 0;
  for (let lag = 1; lag < period; lag++) squares += (covariance(lag) / variance) ** 2;
  return (
    Math.abs(covariance(period) / variance) > SEASON_TEST_QUANTILE * Math.sqrt((1 + 2 * squares) / count)
  );
}
