import type { SeriesSet } from '@onda/series';
import type { Predictor } from '../predictor.ts';
import { defaultLevels } from '../predictor.ts';
import { arima, arimaLeast } from './arima.ts';
import type { ColumnRule } from './columnForecast.ts';
import { columnPredictor } from './columnForecast.ts';
import { linearAutoregression } from './linearAutoregression.ts';
import { drift, lastValue, seasonalNaive } from './naive.ts';
import { theta } from './theta.ts';

const rules = {
  'last-value': lastValue,
  'seasonal-naive': seasonalNaive,
  drift,
  'linear-autoregression': linearAutoregression,
  theta,
  arima,
} satisfies Record<string, ColumnRule>;

export type BaselineName = keyof typeof rules;

export const baselineNames = Object.keys(rules) as BaselineName[];

/** A baseline; its intervals assume normal errors. */
export function baseline(name: BaselineName, levels = defaultLevels): Predictor {
  return columnPredictor(name, rules[name], levels);
}

/** Samples of all series for which ARIMA's search stays within seconds. */
const arimaMost = 5000;

/**
 * The baselines for a set of series: all of them, without ARIMA where a series is too short for it or its search would take minutes.
 *
 * @param holdout samples that a backtest holds out
 */
export function baselinesFor(
  { series, period, targets }: Pick<SeriesSet, 'series' | 'period' | 'targets'>,
  holdout: number,
  levels = defaultLevels,
): { predictors: Predictor[]; notes: string[] } {
  const least = Math.min(...series.map(({ length }) => length)) - holdout;
  const total = series.reduce((sum, { length }) => sum + length * targets.length, 0);
  const reason =
    least < arimaLeast(period)
      ? `needs ${arimaLeast(period)} samples before the hold-out, the shortest series has ${least}`
      : total > arimaMost
        ? `its search over ${total} values would take minutes`
        : null;
  const names = reason === null ? baselineNames : baselineNames.filter((name) => name !== 'arima');
  return {
    predictors: names.map((name) => baseline(name, levels)),
    notes: reason === null ? [] : [`baseline arima left out: ${reason}`],
  };
}
