import { differenceValues } from '@onda/series';
import type { ColumnForecast, ColumnRule } from './columnForecast.ts';
import { rootMeanSquare } from './columnForecast.ts';

/** Repeats the last value: a random walk. */
export const lastValue: ColumnRule = (values, { horizon }) => {
  const deviation = rootMeanSquare(differenceValues(values, 1));
  return steps(horizon, (step) => [values[values.length - 1], deviation * Math.sqrt(step)]);
};

/** Repeats the last season; the last value where a series is shorter than a season. */
export const seasonalNaive: ColumnRule = (values, { period, horizon }) => {
  const season = Math.max(1, Math.min(period, values.length));
  const deviation = rootMeanSquare(differenceValues(values, 1, season));
  return steps(horizon, (step) => [
    values[values.length - season + ((step - 1) % season)],
    deviation * Math.sqrt(Math.ceil(step / season)),
  ]);
};

/** Continues the line from the first to the last value: a random walk with drift. */
export const drift: ColumnRule = (values, { horizon }) => {
  const last = values.length - 1;
  const slope = last > 0 ? (values[last] - values[0]) / last : 0;
  const deviation = rootMeanSquare(differenceValues(values, 1).map((difference) => difference - slope));
  return steps(horizon, (step) => [
    values[last] + slope * step,
    deviation * Math.sqrt(step * (1 + step / Math.max(1, last))),
  ]);
};

/** @param at value and standard deviation `step` samples ahead, from 1 */
function steps(horizon: number, at: (step: number) => [value: number, deviation: number]): ColumnForecast {
  const all = Array.from({ length: horizon }, (_, index) => at(index + 1));
  return { values: all.map(([value]) => value), deviations: all.map(([, deviation]) => deviation) };
}
