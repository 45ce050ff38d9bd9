import { describe, expect, it } from 'vitest';
import { sigmoid, sigmoidInPlace, tanh, tanhInPlace } from './gateFunctions.ts';

/** Half a unit in the last place of float32 is 6e-8; the series adds a tenth of it. */
const RELATIVE = 1e-8;

const values = [0, 1e-30, 1e-8, 1e-3, 0.1, 0.3465, 0.3466, 0.7, 1, 2.5, 5, 9, 15, 19.9];

describe(tanh, () => {
  it('is accurate to far below float32 rounding on both sides of zero', () => {
    for (const value of values.flatMap((x) => [x, -x])) {
      expect(Math.abs(tanh(value) - Math.tanh(value))).toBeLessThanOrEqual(
        RELATIVE * Math.abs(Math.tanh(value)),
      );
    }
  });

  it('saturates at 1 and -1 and keeps NaN', () => {
    expect([tanh(1e30), tanh(Infinity), tanh(-Infinity)].map(Math.fround)).toEqual([1, 1, -1]);
    expect(tanh(NaN)).toBeNaN();
  });
});

describe(sigmoid, () => {
  it('is accurate to far below float32 rounding on both sides of zero', () => {
    for (const value of [...values, 40, 80].flatMap((x) => [x, -x])) {
      const exact = 1 / (1 + Math.exp(-value));
      expect(Math.abs(sigmoid(value) - exact)).toBeLessThanOrEqual(RELATIVE * exact);
    }
  });

  it('saturates at 0 and 1 and keeps NaN', () => {
    expect(Math.fround(sigmoid(Infinity))).toBe(1);
    expect(sigmoid(-Infinity)).toBeLessThan(1e-38);
    expect(sigmoid(NaN)).toBeNaN();
  });
});

describe(tanhInPlace, () => {
  it('replaces the values of a range, and no others', () => {
    const data = Float32Array.of(1, 1, 1, 1);
    tanhInPlace(data, 1, 3);
    expect(Array.from(data)).toEqual([1, Math.fround(Math.tanh(1)), Math.fround(Math.tanh(1)), 1]);
  });
});

describe(sigmoidInPlace, () => {
  it('replaces the values of a range, and no others', () => {
    const data = Float32Array.of(3, 0, 0, 3);
    sigmoidInPlace(data, 1, 3);
    expect(Array.from(data)).toEqual([3, 0.5, 0.5, 3]);
  });
});
