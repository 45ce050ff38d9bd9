import { describe, expect, it } from 'vitest';
import { sineChunk } from '@onda/series';
import { chunkCount, chunkOf, cut, madeUpSeries, rowSeries, sineSeries } from './series.ts';

describe(sineSeries, () => {
  it('gives the chunks of the first job', () => {
    for (const k of [0, 1, 7]) {
      const { x, y } = chunkOf(sineSeries(20), k, 1);
      const expected = sineChunk(k, 20);
      x.forEach((value, index) => {
        expect(value).toBeCloseTo(expected.x[index], 6);
      });
      y.forEach((value, index) => {
        expect(value).toBeCloseTo(expected.y[index], 6);
      });
    }
  });

  it('takes places between samples, so that a prompt may start at any phase', () => {
    expect(cut(sineSeries(20), 10, 2)[0]).toBe(1);
    expect(cut(sineSeries(20), 0.5, 1)[0]).toBeCloseTo(Math.sin(Math.PI / 40), 6);
  });

  it('limits the number of chunks of a formula', () => {
    expect(chunkCount(sineSeries(20), 1)).toBe(1000);
  });
});

describe(rowSeries, () => {
  const series = rowSeries('two', ['a', 'b'], Float32Array.of(1, 2, 3, 4, 5, 6), { chunk: 2, holdout: 1 });

  it('reads row-major values and has NaN outside of them', () => {
    expect(series.length).toBe(3);
    expect(series.at(1, 1)).toBe(4);
    expect(series.at(3, 0)).toBeNaN();
    expect(series.at(-1, 0)).toBeNaN();
    expect(series.at(0, 2)).toBeNaN();
  });

  it('ends the first prompt before the hold-out rows', () => {
    expect(series.promptEnd).toBe(2);
  });

  it('counts the chunks whose y is whole', () => {
    expect(chunkCount(series, 1)).toBe(1);
    expect(chunkCount(series, 2)).toBe(0);
    expect(chunkOf(series, 0, 1)).toEqual({
      start: 0,
      time: 2,
      x: Float32Array.of(1, 2, 3, 4),
      y: Float32Array.of(3, 4, 5, 6),
    });
  });
});

describe(madeUpSeries, () => {
  it('moves in the range that the scaler names, feature by feature, and claims no truth', () => {
    const series = madeUpSeries(2, [100, -5], [10, 1], 20);
    const values = cut(series, 0, 40);
    const first = values.filter((_, index) => index % 2 === 0);
    const second = values.filter((_, index) => index % 2 === 1);
    expect([Math.min(...first), Math.max(...first)]).toEqual([90, 110]);
    expect([Math.min(...second), Math.max(...second)]).toEqual([-6, -4]);
    expect(series.truth).toBe(false);
  });
});
