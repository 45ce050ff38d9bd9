import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from './halfFloat.ts';

describe(floatToHalf, () => {
  it('gives every half float back, NaN too', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) expect(halfToFloat(floatToHalf(value))).toBeNaN();
      // -0 comes back from halfToFloat as 0 with its sign.
      else expect(floatToHalf(value)).toBe(bits);
    }
  });

  it.each([
    [1 + 2 ** -11, 1, 'a tie to even, downwards'],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9, 'a tie to even, upwards'],
    [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10, 'up beyond a tie'],
    [2 - 2 ** -12, 2, 'up into the next exponent'],
    [65519, 65504, 'down to the largest'],
    [65520, Infinity, 'beyond the largest'],
    [2 ** -24, 2 ** -24, 'the smallest'],
    [2 ** -25, 0, 'a tie of the smallest with 0'],
    [2 ** -25 + 2 ** -40, 2 ** -24, 'just above that tie'],
    [2 ** -26, 0, 'below the smallest'],
    [2 ** -14 - 2 ** -26, 2 ** -14, 'a denormal up to the smallest normal'],
    [-0.1, -0.0999755859375, 'a negative value'],
  ])('rounds %d to %d: %s', (value, rounded) => {
    expect(halfToFloat(floatToHalf(value))).toBe(rounded);
  });
});
