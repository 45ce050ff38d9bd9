import { describe, expect, it } from 'vitest';
import { DataError } from '@onda/contract';
import type { SeriesSet } from '@onda/series';
import type { Prediction } from '../predictor.ts';
import type { BaselineName } from './baselines.ts';
import { baseline, baselineNames, baselinesFor } from './baselines.ts';

const setOf = (values: readonly number[], period: number): SeriesSet => ({
  ...{ targets: ['y'], covariates: [], step: null, period, notes: [] },
  series: [
    {
      id: 'y',
      length: values.length,
      values: Float64Array.from(values),
      covariates: new Float64Array(0),
      times: null,
    },
  ],
});

async function forecast(
  name: BaselineName,
  values: readonly number[],
  period: number,
  horizon: number,
): Promise<Prediction> {
  const set = setOf(values, period);
  const [prediction] = await baseline(name).predict([{ set, series: set.series[0], horizon }]);
  return prediction;
}

const rounded = ({ values }: Prediction): number[] => Array.from(values, (value) => Number(value.toFixed(3)));

/** Four seasons of [10, 20, 30] that grow by 6 a season. */
const growing = Array.from({ length: 12 }, (_, index) => [10, 20, 30][index % 3] + 6 * Math.floor(index / 3));

describe(baseline, () => {
  it('repeats the last value', async () => {
    expect(rounded(await forecast('last-value', [3, 1, 4], 1, 2))).toEqual([4, 4]);
  });

  it('repeats the last season', async () => {
    expect(rounded(await forecast('seasonal-naive', growing, 3, 5))).toEqual([28, 38, 48, 28, 38]);
  });

  it('repeats all of a history that is shorter than a season', async () => {
    expect(rounded(await forecast('seasonal-naive', [1, 2], 4, 3))).toEqual([1, 2, 1]);
  });

  it('continues the line from the first to the last value', async () => {
    expect(rounded(await forecast('drift', [1, 9, 5], 1, 2))).toEqual([7, 9]);
  });

  it('finds the weights of an autoregressive series', async () => {
    // y = 0.5 y(-1) - 0.8 y(-2) + 3, without noise.
    const values = [1, 2];
    for (let index = 2; index < 60; index++)
      values.push(0.5 * values[index - 1] - 0.8 * values[index - 2] + 3);
    const ahead = [...values];
    for (let step = 0; step < 3; step++) {
      const end = ahead.length;
      ahead.push(0.5 * ahead[end - 1] - 0.8 * ahead[end - 2] + 3);
    }
    expect(rounded(await forecast('linear-autoregression', values, 1, 3))).toEqual(
      ahead.slice(60).map((value) => Number(value.toFixed(3))),
    );
  });

  it('forecasts a line with half its slope as drift, as the Theta method does', async () => {
    // Smoothing follows a line one step behind at factor 1: the level is the last value.
    const line = Array.from({ length: 20 }, (_, index) => 10 + 2 * index);
    const { values } = await forecast('theta', line, 1, 3);
    expect(values[0]).toBeGreaterThan(48);
    expect(values[2] - values[1]).toBeCloseTo(1, 9);
  });

  it('keeps a multiplicative season', async () => {
    const season = [0.5, 1, 2, 0.5];
    const values = Array.from({ length: 40 }, (_, index) => 100 * season[index % 4]);
    const { values: ahead } = await forecast('theta', values, 4, 4);
    for (const [step, factor] of season.entries()) expect(ahead[step]).toBeCloseTo(100 * factor, 0);
  });

  it('gives intervals that grow with the horizon', async () => {
    const noisy = Array.from(
      { length: 48 },
      (_, index) => 20 + 5 * Math.sin((index * Math.PI) / 6) + ((index * 7919) % 13) / 6,
    );
    for (const name of baselineNames) {
      const { quantiles } = await forecast(name, noisy, 12, 13);
      const widths = [0, 12].map((step) => quantiles![step * 9 + 8] - quantiles![step * 9]);
      expect(widths[0], name).toBeGreaterThan(0);
      expect(widths[1], name).toBeGreaterThanOrEqual(widths[0]);
    }
  });

  it('forecasts a season with ARIMA, in any unit', async () => {
    const season = (index: number): number =>
      3 * Math.sin((index * Math.PI) / 6) + ((index * 7919) % 13) / 13;
    const plain = Array.from({ length: 96 }, (_, index) => 10 + season(index));
    const large = plain.map((value) => 1e6 * value);
    const [small, big] = await Promise.all([plain, large].map((values) => forecast('arima', values, 12, 12)));
    for (let step = 0; step < 12; step++) {
      expect(Math.abs(small.values[step] - 10 - season(96 + step))).toBeLessThan(1);
      expect(big.values[step] / 1e6).toBeCloseTo(small.values[step], 3);
    }
  });

  it('refuses a history that is too short for ARIMA', async () => {
    await expect(forecast('arima', [1, 2, 3], 1, 1)).rejects.toThrow(
      new DataError(
        'baseline arima: expected at least 20 samples for a season of 1, got 3; leave this baseline out',
      ),
    );
  });
});

describe(baselinesFor, () => {
  it('leaves ARIMA out where a series is too short for it, and says so', () => {
    const { predictors, notes } = baselinesFor(setOf(growing, 3), 2);
    expect(predictors.map(({ name }) => name)).toEqual(baselineNames.filter((name) => name !== 'arima'));
    expect(notes).toEqual([
      'baseline arima left out: needs 20 samples before the hold-out, the shortest series has 10',
    ]);
  });
});
