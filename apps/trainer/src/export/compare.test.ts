import { describe, expect, it } from 'vitest';
import { compareValues, rowHolds } from './compare.ts';

const comparison = { check: 'values', runtime: 'test', batch: 1, time: 2 };
const compare = (expected: number[], actual: number[]): boolean =>
  rowHolds(compareValues(comparison, Float32Array.from(expected), Float32Array.from(actual)));

describe(compareValues, () => {
  it('has a bound of 1e-5 for values of order 1, relative for larger ones', () => {
    expect(compare([0.5, 1], [0.5 + 9e-6, 1])).toBe(true);
    expect(compare([0.5, 1], [0.5 + 2e-5, 1])).toBe(false);
    expect(compare([200, 1], [200.001, 1])).toBe(true);
    expect(compare([200, 1], [200.01, 1])).toBe(false);
  });

  it('never accepts another length or a value that is not a number', () => {
    expect(compare([1, 2], [1])).toBe(false);
    expect(compare([NaN], [1])).toBe(false);
    expect(compare([1], [NaN])).toBe(false);
    expect(compare([Infinity, 1], [1, 1])).toBe(false);
  });

  it('takes the same overflow on both sides, which makes the bound no wider', () => {
    expect(compare([Infinity, NaN, 1], [Infinity, NaN, 1])).toBe(true);
    expect(compare([Infinity, 1], [-Infinity, 1])).toBe(false);
    expect(compare([Infinity, 1], [Infinity, 1.1])).toBe(false);
  });
});
