import { describe, expect, it } from 'vitest';
import { initialWeights } from './weights.ts';

describe(initialWeights, () => {
  it('draws weight by weight in the order and layout of PyTorch, from +-1 / sqrt(units)', () => {
    let drawn = 0;
    const bounds = new Set<string>();
    const weights = initialWeights(
      { cell: 'rnn', units: 4, layers: 1, features: 2, outputs: 1 },
      (low, high) => {
        bounds.add(`${low} ${high}`);
        return drawn++;
      },
    );
    expect([...bounds]).toEqual(['-0.5 0.5']);
    // weight_ih [4, 2] is drawn row by row; our kernel is [2, 4].
    expect(Array.from(weights[0])).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(Array.from(weights[1].subarray(0, 4))).toEqual([8, 12, 16, 20]);
    expect(Array.from(weights[2])).toEqual([24, 25, 26, 27]);
    expect(Array.from(weights[3])).toEqual([28, 29, 30, 31]);
    expect(Array.from(weights[4])).toEqual([32, 33, 34, 35]);
    expect(Array.from(weights[5])).toEqual([36]);
  });

  it('draws one value per weight', () => {
    let drawn = 0;
    initialWeights({ cell: 'gru', units: 3, layers: 2, features: 2, outputs: 5 }, () => drawn++);
    expect(drawn).toBe(3 * 3 * (2 + 3 + 2) + 3 * 3 * (3 + 3 + 2) + 5 * 3 + 5);
  });
});
