import { describe, expect, it } from 'vitest';
import { paddedRange, place, ticks } from './scale.ts';

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

  it('has a range for one value and for none', () => {
    expect(paddedRange([5], 0.1)).toEqual([4, 6]);
    expect(paddedRange([], 0.1)).toEqual([-1, 1]);
  });
});
