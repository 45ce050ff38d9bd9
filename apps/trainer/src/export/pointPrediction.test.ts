import { describe, expect, it } from 'vitest';
import { pointPrediction } from './pointPrediction.ts';

describe(pointPrediction, () => {
  it('is the first block of each sample', () => {
    expect([...pointPrediction(Float32Array.of(1, 2, 9, 9, 3, 4, 9, 9), 4, 2)]).toEqual([1, 2, 3, 4]);
  });

  it('is all of a net of values', () => {
    const values = Float32Array.of(1, 2);
    expect(pointPrediction(values, 2, 2)).toBe(values);
  });
});
