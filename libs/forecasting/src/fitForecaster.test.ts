import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { createRandom } from '@onda/series';
import { fitForecaster } from './fitForecaster.ts';

beforeAll(async () => {
  await openWasmBackend();
});

/** A season of 4 on a trend, with noise of 1 %. */
function quarters(length: number): Float64Array {
  const random = createRandom(3);
  return Float64Array.from(
    { length },
    (_, index) => (50 + index) * [0.8, 1, 1.3, 0.9][index % 4] * Math.exp(0.01 * random.normal()),
  );
}

const times = (length: number): number[] =>
  Array.from({ length }, (_, index) => Date.UTC(1990, 3 * index, 1));

describe(fitForecaster, () => {
  it('forecasts a season better than its repetition, with intervals and dates', async () => {
    const all = quarters(60);
    const forecaster = await fitForecaster(all.subarray(0, 52), {
      ...{ horizon: 8, period: 4, members: 1, timeLimitMs: 1, steps: 100, levels: [0.1, 0.9] },
      ...{ times: times(52), step: { unit: 'quarter', count: 1 } },
    });
    const [{ id, median, quantiles, labels, times: ahead }] = forecaster.forecast();
    expect(id).toBe('value');
    expect(ahead?.[0]).toBe(Date.UTC(2003, 0, 1));
    expect(labels).toEqual(['2003Q1', '2003Q2', '2003Q3', '2003Q4', '2004Q1', '2004Q2', '2004Q3', '2004Q4']);
    const error = (forecast: ArrayLike<number>): number =>
      median.reduce((sum, _, step) => sum + Math.abs(forecast[step] - all[52 + step]), 0);
    const repeated = Array.from(median, (_, step) => all[48 + (step % 4)]);
    expect(error(median)).toBeLessThan(0.5 * error(repeated));
    for (let step = 0; step < 8; step++) {
      expect(quantiles[3 * step]).toBeLessThanOrEqual(quantiles[3 * step + 1]);
      expect(quantiles[3 * step + 1]).toBe(median[step]);
      expect(quantiles[3 * step + 1]).toBeLessThanOrEqual(quantiles[3 * step + 2]);
    }
    expect(forecaster.choices.join()).toMatch(/settings by the validation part: /);

    // New samples move the start of the forecast; the weights stay.
    forecaster.update(all.subarray(52, 56));
    const [after] = forecaster.forecast(2);
    expect(after.labels).toEqual(['2004Q1', '2004Q2']);
    expect(after.median).toHaveLength(2);
    expect(after.median[0]).not.toBe(median[4]);
    forecaster.dispose();
  }, 60_000);

  it('fits a short history without a season, and several series and columns at once', async () => {
    const lines = await fitForecaster(
      Array.from({ length: 14 }, (_, index) => 3 + index),
      { horizon: 3, members: 1, timeLimitMs: 1, steps: 5 },
    );
    expect(lines.choices.join()).toMatch(/settings by the validation part/);
    expect(lines.forecast()[0]).toMatchObject({ times: null, labels: null });
    lines.dispose();

    const series = ['a', 'b'].map((id, index) => ({
      ...{ id, length: 30, values: quarters(60).map((value) => value - 60 * index) },
      ...{ covariates: new Float64Array(0), times: null },
    }));
    const set = { ...{ targets: ['p', 'q'], covariates: [], step: null, period: 4, notes: [] }, series };
    const both = await fitForecaster(set, { horizon: 4, members: 1, timeLimitMs: 1, steps: 5, related: set });
    expect(both.forecast().map(({ id, median }) => [id, median.length])).toEqual([
      ['a', 8],
      ['b', 8],
    ]);
    expect(() => {
      both.update([1, 2]);
    }).toThrow(new ConfigError('update: expected the id of one of 2 series, got none; pass it'));
    expect(() => {
      both.update([1, 2, 3], 'b');
    }).toThrow(new DataError('update: expected finite values, 2 per sample, got 3 values; correct them'));
    expect(() => both.forecast(5)).toThrow(
      new ConfigError(
        'forecast: expected a horizon of 1 to 4 samples, got 5; fit a forecaster with a longer horizon',
      ),
    );
    both.dispose();
  }, 60_000);

  it('gives the same forecast for the same seed', async () => {
    const options = { horizon: 2, members: 1, timeLimitMs: 1, steps: 5, theta: false } as const;
    const values = quarters(24);
    const medians: number[][] = [];
    for (const seed of [5, 5, 6]) {
      const forecaster = await fitForecaster(values, { ...options, seed });
      medians.push(Array.from(forecaster.forecast()[0].median));
      forecaster.dispose();
    }
    expect(medians[1]).toEqual(medians[0]);
    expect(medians[2]).not.toEqual(medians[0]);
  }, 60_000);

  it('refuses data and settings that do not fit', async () => {
    await expect(fitForecaster([1, NaN, 3, 4], { horizon: 1 })).rejects.toThrow(
      new DataError(
        'series "value", column "value", sample 1: expected a number, got NaN; correct or interpolate it',
      ),
    );
    await expect(fitForecaster([1, 2, 3], { horizon: 2 })).rejects.toThrow(
      new DataError(
        'fitForecaster: expected a series of at least 4 samples (a season of 1, 2 ahead), got at most 3; add samples, or lower the horizon',
      ),
    );
    await expect(fitForecaster(quarters(20), { horizon: 0 })).rejects.toThrow(
      new ConfigError('fitForecaster: expected a whole number of at least 1 as horizon, got 0; correct it'),
    );
    await expect(fitForecaster(quarters(20), { horizon: 1, levels: [0.1, 0.2] })).rejects.toThrow(
      new ConfigError(
        'fitForecaster: expected as many quantile levels below 0.5 as above, got 0.1, 0.2; add the missing ones',
      ),
    );
  });
});
