import { ConfigError, DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { SeriesSet } from './seriesSet.ts';
import { createWindows, joinValues, scaleSeries, splitSeries } from './windows.ts';

/** Series whose values show their number and sample: 100 * series + sample. */
function setOf(...lengths: number[]): SeriesSet {
  const series = lengths.map((length, index) => ({
    id: String(index),
    length,
    values: Float64Array.from({ length }, (_, sample) => 100 * index + sample),
    covariates: Float64Array.from({ length: length + 2 }, (_, sample) => -sample),
    times: null,
  }));
  return { targets: ['v'], covariates: ['c'], series, step: null, period: 1, notes: [] };
}

const options = { context: 3, target: { lag: 1 }, batch: 4, seed: 5 } as const;

describe(createWindows, () => {
  it('cuts y a lag after x, inside one series', () => {
    const windows = createWindows(setOf(10, 6), options);
    expect([windows.count, windows.stepsPerEpoch, windows.skipped]).toEqual([7 + 3, 3, 0]);
    for (let step = 0; step < 20; step++) {
      const { x, y, origins, batch, time, samples } = windows.batch(step);
      expect([batch, time, samples]).toEqual([4, 3, 12]);
      for (const [row, { series, start }] of origins.entries()) {
        const first = 100 * series + start;
        expect([...x.slice(3 * row, 3 * row + 3)]).toEqual([first, first + 1, first + 2]);
        expect([...y.slice(3 * row, 3 * row + 3)]).toEqual([first + 1, first + 2, first + 3]);
        expect(start + 4).toBeLessThanOrEqual([10, 6][series]);
      }
    }
  });

  it('gives the horizon and its covariates after the context', () => {
    const windows = createWindows(setOf(10), { ...options, target: { horizon: 2 } });
    const { x, y, future, yTime, samples } = windows.at([{ series: 0, start: 1 }]);
    expect([[...x], [...y], [...future], yTime, samples]).toEqual([[1, 2, 3], [4, 5], [-4, -5], 2, 2]);
    expect(windows.last()).toEqual([{ series: 0, start: 5 }]);
  });

  it('is a function of seed and step', () => {
    const windows = createWindows(setOf(50), options);
    const third = windows.batch(3);
    windows.batch(9);
    expect(windows.batch(3)).toEqual(third);
    expect(createWindows(setOf(50), options).batch(3)).toEqual(third);
    expect(windows.batch(4).x).not.toEqual(third.x);
    expect(createWindows(setOf(50), { ...options, seed: 6 }).batch(3).x).not.toEqual(third.x);
  });

  it('draws every window, or every series, equally often', () => {
    const shareOfFirst = (draw: 'windows' | 'series'): number => {
      const windows = createWindows(setOf(43, 13), { ...options, batch: 4000, draw });
      return windows.batch(0).origins.filter(({ series }) => series === 0).length / 4000;
    };
    // Standard deviation 0.008.
    expect(Math.abs(shareOfFirst('windows') - 0.8)).toBeLessThan(0.04);
    expect(Math.abs(shareOfFirst('series') - 0.5)).toBeLessThan(0.04);
    const { origins } = createWindows(setOf(8), { ...options, batch: 500 }).batch(0);
    expect(new Set(origins.map(({ start }) => start))).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('leaves warm-up samples out of the count', () => {
    expect(createWindows(setOf(10), { ...options, warmup: 2 }).batch(0)).toMatchObject({
      warmup: 2,
      samples: 4,
    });
    expect(() => createWindows(setOf(10), { ...options, warmup: 3 })).toThrow(
      new ConfigError(
        'windows: expected a warm-up from 0 to 2, shorter than the window, got 3; lower it, or use longer windows',
      ),
    );
  });

  it('skips series that are too short, and refuses to have none', () => {
    expect(createWindows(setOf(3, 4), options)).toMatchObject({ skipped: 1, count: 1 });
    expect(() => createWindows(setOf(3, 2), options)).toThrow(
      new DataError(
        'windows: expected a series of at least 4 samples (3 and 1 ahead), got at most 3; use shorter windows, or add rows',
      ),
    );
    expect(() => createWindows(setOf(9), { ...options, batch: 0.5 })).toThrow(
      new ConfigError('windows: expected a whole number of at least 1 as batch, got 0.5; correct it'),
    );
  });

  it('keeps float64 until the batch', () => {
    const set = setOf(5);
    set.series[0].values = set.series[0].values.map((value) => 1e8 + value);
    const scaled = scaleSeries(set, { kind: 'standard', center: [1e8], scale: [1] });
    expect([...createWindows(scaled, options).at([{ series: 0, start: 0 }]).x]).toEqual([0, 1, 2]);
  });
});

describe(splitSeries, () => {
  it('splits each series in order of time', () => {
    const split = splitSeries(setOf(10, 8), { holdout: 2, validation: 3 }, 's.csv');
    expect(split.ends).toEqual([
      { training: 5, validation: 8 },
      { training: 3, validation: 6 },
    ]);
    expect([...joinValues(split.training)]).toEqual([0, 1, 2, 3, 4, 100, 101, 102]);
    expect(split.validation.series.map(({ length }) => length)).toEqual([8, 6]);
    expect(split.all.series[0].length).toBe(10);
  });

  it('names the series that is too short', () => {
    expect(() => splitSeries(setOf(10, 5), { holdout: 2, validation: 3 }, 's.csv')).toThrow(
      new DataError(
        's.csv: expected at least 6 samples in series "1" (hold-out 2, validation 3, training 1), got 5; add rows, or lower data.holdout or lag',
      ),
    );
  });
});
