import { describe, expect, it } from 'vitest';
import { difference } from './cards.ts';

describe(difference, () => {
  it('finds the largest difference and its place, and the mean square', () => {
    expect(difference([1, 2, 5], [1, 3, 3])).toEqual({ maxAbs: 2, at: 2, meanSquare: 5 / 3 });
  });

  it('ignores values without truth, and has no result without any', () => {
    expect(difference([1, 2], [NaN, 2.5])).toEqual({ maxAbs: 0.5, at: 1, meanSquare: 0.25 });
    expect(difference([1], [NaN])).toEqual({ maxAbs: NaN, at: -1, meanSquare: NaN });
  });
});
