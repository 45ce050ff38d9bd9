import { describe, expect, it } from 'vitest';
import { ConfigError, DataError, ResultError } from '@onda/contract';
import type { SeriesSet } from '@onda/series';
import { backtest, baselineWarnings } from './backtest.ts';
import { baseline } from './baselines/baselines.ts';
import type { EvaluationRow } from './metrics.ts';
import type { Predictor } from './predictor.ts';

/** Series of two targets: `a` counts up by 1, `b` by 2. */
const setOf = (...lengths: number[]): SeriesSet => ({
  ...{ targets: ['a', 'b'], covariates: [], step: null, period: 1, notes: [] },
  series: lengths.map((length, index) => ({
    id: `s${index}`,
    length,
    values: Float64Array.from({ length: 2 * length }, (_, at) => (at % 2 === 0 ? at / 2 : at - 1)),
    covariates: new Float64Array(0),
    times: Float64Array.from({ length }, (_, row) => 1000 * row),
  })),
});

/** Forecasts `value` everywhere; the quantile at a level is value + level. */
const constant = (value: number, levels = [0.1, 0.5, 0.9]): Predictor => ({
  ...{ name: 'model', levels },
  predict: (tasks) =>
    tasks.map(({ horizon }) => ({
      values: new Float64Array(2 * horizon).fill(value),
      quantiles: Float64Array.from(
        { length: 2 * horizon * levels.length },
        (_, index) => value + levels[index % levels.length],
      ),
    })),
});

const find = (rows: readonly EvaluationRow[], part: Partial<EvaluationRow>): EvaluationRow | undefined =>
  rows.find((row) =>
    (['forecaster', 'horizon', 'series', 'column'] as const).every((key) => row[key] === part[key]),
  );

describe(backtest, () => {
  it('forecasts each held-out value once, from the history before it alone', async () => {
    const seen: number[][] = [];
    const spy: Predictor = {
      ...constant(0),
      predict: (tasks) => {
        for (const { series } of tasks) seen.push([series.length, series.values.length]);
        return constant(0).predict(tasks);
      },
    };
    const { forecasts } = await backtest(setOf(20), [spy], { holdout: 7, horizon: 3 });
    expect(seen).toEqual([
      [14, 28],
      [17, 34],
    ]);
    expect(forecasts.map(({ origin, times }) => [origin, ...(times ?? [])])).toEqual([
      [14, 14000, 15000, 16000],
      [17, 17000, 18000, 19000],
    ]);
  });

  it('computes every metric by horizon, column and series', async () => {
    // Last value: the error of `a` is the number of steps ahead, that of `b` twice as much; in-sample errors are 1 and 2.
    const { rows } = await backtest(setOf(12, 30), [baseline('last-value')], { holdout: 4, horizon: 2 });
    const part = { forecaster: 'last-value' };
    expect(find(rows, { ...part, horizon: 'all' })).toMatchObject({ mae: 2.25, mase: 1.5, count: 16 });
    expect(find(rows, { ...part, horizon: 2 })).toMatchObject({ mae: 3, mase: 2, count: 8 });
    expect(find(rows, { ...part, horizon: 'all', column: 'b' })).toMatchObject({
      mae: 3,
      rmse: Math.sqrt(10),
    });
    expect(find(rows, { ...part, horizon: 'all', series: 's0' })).toMatchObject({ mae: 2.25, count: 8 });
    expect(find(rows, { ...part, horizon: 'all', series: 's1', column: 'a' })).toMatchObject({ mae: 1.5 });
    // One row for all, one per step; the same per column; one per series; one per series and column.
    expect(rows).toHaveLength(3 + 2 * 3 + 2 + 4);
  });

  it('computes sMAPE, CRPS and coverage by hand', async () => {
    // Values 3 of `a` and 6 of `b`; forecasts 3 with quantiles 3.1, 3.5, 3.9.
    const { rows } = await backtest(setOf(4), [constant(3)], { holdout: 1, horizon: 1 });
    const row = find(rows, { forecaster: 'model', horizon: 'all', column: 'b' })!;
    expect(row.smape).toBeCloseTo((200 * 3) / 9, 12);
    expect(row.crps).toBeCloseTo((2 * (0.1 * 2.9 + 0.5 * 2.5 + 0.9 * 2.1)) / 3, 12);
    expect(row.coverage80).toBe(0);
    expect(row.coverage60).toBeNull();
    expect(find(rows, { forecaster: 'model', horizon: 'all', column: 'a' })?.coverage80).toBe(0);
  });

  it('has no MASE where the seasonal naive forecast has no error, and says so', async () => {
    const set = setOf(8);
    const values = set.series[0].values.map((value, at) => (at % 2 === 0 ? 5 : value));
    const flat = { ...set, series: [{ ...set.series[0], values }] };
    const { rows, notes } = await backtest(flat, [constant(4)], { holdout: 2, horizon: 2 });
    expect(find(rows, { forecaster: 'model', horizon: 'all', column: 'a' })?.mase).toBeNull();
    expect(find(rows, { forecaster: 'model', horizon: 'all' })?.mase).not.toBeNull();
    expect(notes).toEqual(['no MASE for "a": the seasonal naive forecast has no error before the hold-out']);
  });

  it('refuses sizes that do not fit', async () => {
    await expect(backtest(setOf(9), [], { holdout: 2, horizon: 3 })).rejects.toThrow(
      new ConfigError(
        'backtest: expected a horizon of at most the 2 samples held out, got 3; hold out more samples, or lower the horizon',
      ),
    );
    await expect(backtest(setOf(3), [], { holdout: 3, horizon: 3 })).rejects.toThrow(
      new DataError(
        'backtest: expected more than the 3 samples held out in series "s0", got 3; lower the hold-out',
      ),
    );
  });

  it('refuses a forecast that is not finite', async () => {
    await expect(backtest(setOf(9), [constant(NaN)], { holdout: 2, horizon: 2 })).rejects.toThrow(
      new ResultError(
        'forecaster "model", series "s0", origin 7: expected a finite forecast, got NaN; check the data or train again',
      ),
    );
  });
});

describe(baselineWarnings, () => {
  it('names the baselines that are better than the model', async () => {
    const set = setOf(12);
    const { rows } = await backtest(set, [constant(0), baseline('last-value'), baseline('drift')], {
      holdout: 2,
      horizon: 2,
    });
    expect(baselineWarnings(rows)).toEqual([
      'warning: the baseline last-value forecasts the hold-out better than the model (MASE 1.50 against 10.5)',
      'warning: the baseline drift forecasts the hold-out better than the model (MASE 0.00 against 10.5)',
    ]);
  });
});
