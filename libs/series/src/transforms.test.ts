import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { differenceValues, integrateValues, logValues } from './transforms.ts';

const values = Float64Array.of(1, 10, 2, 30, 4, 20, 8, 50);

describe(differenceValues, () => {
  it('takes differences per feature, a lag or a season apart', () => {
    expect([...differenceValues(values, 2)]).toEqual([1, 20, 2, -10, 4, 30]);
    expect([...differenceValues(values, 2, 2)]).toEqual([3, 10, 6, 20]);
    expect(differenceValues(values, 2, 9)).toHaveLength(0);
  });
});

describe(integrateValues, () => {
  it.each([1, 2, 3])('restores the values after the first ones, lag %d', (lag) => {
    const restored = integrateValues(differenceValues(values, 2, lag), values.subarray(0, 2 * lag));
    expect(restored).toEqual(values.slice(2 * lag));
  });
});

describe(logValues, () => {
  it('takes logarithms of positive values only', () => {
    expect([...logValues(Float64Array.of(1, Math.E), ['v'])]).toEqual([0, 1]);
    expect(() => logValues(Float64Array.of(1, 2, 3, 0), ['a', 'b'])).toThrow(
      new DataError(
        'column "b", sample 1: expected a positive value for the logarithm, got 0; add a constant to the column, or choose another scaler',
      ),
    );
  });
});
