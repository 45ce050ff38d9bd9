import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { joinSamples, takeSamples } from './samples.ts';

const whole = floatTensor([2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

describe(takeSamples, () => {
  it('takes samples of every row', () => {
    const part = takeSamples(whole, 1, 1, 3);
    expect(part).toEqual(floatTensor([2, 2, 2], [2, 3, 4, 5, 8, 9, 10, 11]));
  });
});

describe(joinSamples, () => {
  it('puts pieces together again', () => {
    const pieces = [takeSamples(whole, 1, 0, 1), takeSamples(whole, 1, 1, 3)];
    expect(joinSamples(pieces, 1)).toEqual(whole);
  });
});
