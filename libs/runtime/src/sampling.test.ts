import { describe, expect, it } from 'vitest';
import type { Sampling } from '@onda/contract';
import { drawKeys, uniformDraws } from '@onda/contract';
import { drawValue } from './sampling.ts';

const keys = drawKeys(6n);
const many = 4000;
const source = 'seed';

describe(drawValue, () => {
  it('takes the likeliest class at temperature 0', () => {
    const sampling: Sampling = { kind: 'categorical', from: 'logits', temperature: 0, source };
    expect(drawValue(sampling, keys, [0.1, 3, -2], 0, 0)).toEqual([0, 1, 0]);
  });

  it('samples classes with their probabilities, raised to one over the temperature', () => {
    const sampling: Sampling = { kind: 'categorical', from: 'probabilities', temperature: 0.5, source };
    let first = 0;
    for (let sample = 0; sample < many; sample++)
      first += drawValue(sampling, keys, [0.25, 0.75], 0, sample)[0];
    // 0.25^2 to 0.75^2 is 1 to 9; one standard deviation of the share is 0.0047.
    expect(Math.abs(first / many - 0.1)).toBeLessThan(0.02);
  });

  it('samples normal numbers with the mean and the variance e^s', () => {
    const sampling: Sampling = { kind: 'gaussian', source };
    const values = Array.from(
      { length: many },
      (_, at) => drawValue(sampling, keys, [3, Math.log(4)], at, 2)[0],
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / many;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / many;
    // Standard deviations of 0.03 and 0.09.
    expect(Math.abs(mean - 3)).toBeLessThan(0.13);
    expect(Math.abs(variance - 4)).toBeLessThan(0.4);
  });

  it('is on the lines through the levels in any order, and beyond them', () => {
    const sampling: Sampling = { kind: 'quantile', levels: [0.5, 0.25, 0.75], source };
    for (let sample = 0; sample < 50; sample++) {
      const [u] = uniformDraws(keys, sample, 0);
      // The middle at 1, the quarters at 0 and 4: slopes of 4 and 12.
      const expected = u < 0.5 ? 4 * (u - 0.25) : 1 + 12 * (u - 0.5);
      expect(drawValue(sampling, keys, [1, 0, 4], 0, sample)[0]).toBeCloseTo(expected, 12);
    }
  });
});
