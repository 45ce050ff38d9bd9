import { describe, expect, it } from 'vitest';
import { median, roundRatios, spread } from './statistics.ts';

describe(median, () => {
  it('takes the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('takes the mean of the two in the middle of an even number', () => {
    expect(median([10, 1, 3, 2])).toBe(2.5);
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses no values', () => {
    expect(() => median([])).toThrow(new RangeError('median: expected at least one value, got none'));
  });
});

describe(spread, () => {
  it('tells median, ends and number', () => {
    expect(spread([4, 2, 9])).toEqual({ median: 4, min: 2, max: 9, runs: 3 });
  });
});

describe(roundRatios, () => {
  it('compares within each round', () => {
    expect(roundRatios([1, 20], [2, 10])).toEqual([0.5, 2]);
  });

  it('compares the rounds that both have', () => {
    expect(roundRatios([1], [2, 10])).toEqual([0.5]);
    expect(roundRatios([1, 20], [2])).toEqual([0.5]);
  });
});
