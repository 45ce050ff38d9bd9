import { describe, expect, it } from 'vitest';
import { lossSampling, pointPrediction } from './sampling.ts';

describe(lossSampling, () => {
  it('samples from the distribution that a loss fits', () => {
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

describe(pointPrediction, () => {
  it('is the first block of each sample', () => {
    expect([...pointPrediction(Float32Array.of(1, 2, 9, 9, 3, 4, 9, 9), 4, 2)]).toEqual([1, 2, 3, 4]);
  });

  it('is the whole output of a point forecast net', () => {
    const values = Float32Array.of(1, 2);
    expect(pointPrediction(values, 2, 2)).toBe(values);
  });
});
