import { describe, expect, it } from 'vitest';
import { compareLosses, lossProblem } from './compareLosses.ts';
import { parseWork } from './work.ts';

const lstm = parseWork('lstm-128-32-50');
const gru = parseWork('gru-128-32-50');

describe(compareLosses, () => {
  it('compares with PyTorch', () => {
    const [comparison] = compareLosses(
      lstm,
      new Map([
        ['onda-native', [1, 0.5, 0.25]],
        ['pytorch', [1, 0.4, 0.25]],
      ]),
    );
    expect(comparison).toMatchObject({ system: 'onda-native', reference: 'pytorch', compared: 3 });
    expect(comparison.difference).toBeCloseTo(0.25, 12);
    expect(lossProblem(comparison)).toBe(
      'lstm-128-32-50: expected the first 3 losses of onda-native within 0.0001 relative of those of pytorch, got 2.5e-1; its figures are of another computation',
    );
  });

  it('compares with the first of ours where PyTorch is not there', () => {
    const comparisons = compareLosses(
      lstm,
      new Map([
        ['tfjs-node-layers', [1, 9]],
        ['onda-native', [1, 0.5]],
        ['onda-portable', [1, 0.5]],
      ]),
    );
    expect(comparisons.map(({ system, reference }) => [system, reference])).toEqual([
      ['tfjs-node-layers', 'onda-native'],
      ['onda-portable', 'onda-native'],
    ]);
    expect(comparisons.map(lossProblem)).toEqual([null, null]);
  });

  it('compares one loss of the stock layers, and none of the stock GRU', () => {
    const losses = new Map([
      ['pytorch', [1, 0.5]],
      ['tfjs-node-layers', [1, 0.6]],
    ] as const);
    expect(compareLosses(lstm, losses)[0]).toMatchObject({ compared: 1, difference: 0 });
    expect(compareLosses(gru, losses)[0]).toMatchObject({ compared: 0, difference: 0 });
    expect(compareLosses(gru, losses)[0].reason).toBe(
      "TensorFlow.js's GRU resets before the recurrent product, PyTorch's after it",
    );
  });

  it('finds the stock layers out by their one loss', () => {
    const losses = new Map([
      ['pytorch', [1]],
      ['tfjs-node-layers', [1.001]],
    ] as const);
    expect(lossProblem(compareLosses(lstm, losses)[0])).not.toBeNull();
  });

  it('takes a loss that is no number as far off', () => {
    const losses = new Map([
      ['pytorch', [1, 0.5]],
      ['onda-native', [1, NaN]],
    ] as const);
    expect(compareLosses(lstm, losses)[0].difference).toBe(Infinity);
  });
});
