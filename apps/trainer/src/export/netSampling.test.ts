import { describe, expect, it } from 'vitest';
import { lossSampling } from './netSampling.ts';

describe(lossSampling, () => {
  it('draws from what a loss fits a distribution for', () => {
    expect(lossSampling({ kind: 'gaussian' })).toEqual({ kind: 'gaussian', source: 'seed' });
    expect(lossSampling({ kind: 'quantile', levels: [0.5, 0.9] })).toEqual({
      kind: 'quantile',
      levels: [0.5, 0.9],
      source: 'seed',
    });
  });

  it.each([[undefined], [{ kind: 'mse' }], [{ kind: 'quantile', levels: [0.5] }]])(
    'draws nothing for %j',
    (loss) => {
      expect(lossSampling(loss)).toBeNull();
    },
  );
});
