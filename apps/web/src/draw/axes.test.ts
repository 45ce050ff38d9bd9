import { describe, expect, it } from 'vitest';
import { linePath, paddedRange, place, thinned, ticks } from './axes.ts';

describe(place, () => {
  it('maps linearly, also upside down', () => {
    expect(place({ from: [-1, 1], to: [100, 0] }, 0.5)).toBe(25);
  });
});

describe(ticks, () => {
  it('gives round values inside the range', () => {
    expect(ticks([-1.28, 1.28], 4)).toEqual([-1, 0, 1]);
    expect(ticks([0, 175], 10)).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160]);
    expect(ticks([0, 0.05], 5)).toEqual([0, 0.01, 0.02, 0.03, 0.04, 0.05]);
  });

  it('gives none for a range without width', () => {
    expect(ticks([1, 1], 5)).toEqual([]);
  });
});

describe(paddedRange, () => {
  it('widens the range of the finite values', () => {
    expect(paddedRange([NaN, 0, 10, -Infinity], 0.1)).toEqual([-1, 11]);
  });

  it('has a range for a single value and for none', () => {
    expect(paddedRange([5], 0.1)).toEqual([4, 6]);
    expect(paddedRange([], 0.1)).toEqual([-1, 1]);
  });
});

describe(linePath, () => {
  it('joins points to hundredths of a pixel', () => {
    expect(
      linePath([
        [0, 1],
        [1 / 3, 2],
      ]),
    ).toBe('M0 1L0.33 2');
  });

  it('leaves a gap where there is no value', () => {
    expect(
      linePath([
        [0, 1],
        [1, NaN],
        [2, 3],
        [3, 4],
      ]),
    ).toBe('M0 1M2 3L3 4');
  });
});

describe(thinned, () => {
  it('keeps every sample of a short row', () => {
    expect(thinned(3, 6, 100, () => 0)).toEqual([3, 4, 5, 6]);
    expect(thinned(3, 2, 100, () => 0)).toEqual([]);
  });

  it('keeps both ends, every peak and the order of a long row', () => {
    const value = (sample: number): number => (sample === 777 ? 9 : sample === 778 ? -9 : Math.sin(sample));
    const samples = thinned(0, 10_000, 200, value);
    expect(samples.length).toBeLessThanOrEqual(210);
    expect(samples).toContain(777);
    expect(samples).toContain(778);
    expect([samples[0], samples.at(-1)]).toEqual([0, 10_000]);
    expect([...samples].sort((a, b) => a - b)).toEqual(samples);
  });
});
