import { describe, expect, it } from 'vitest';
import { outputScaler } from './outputScaler.ts';

const scaler = { kind: 'standard' as const, center: [3, -1], scale: [2, 0.5] };

describe(outputScaler, () => {
  it('is that of the features where nothing is drawn, or classes are', () => {
    expect(outputScaler(scaler, null)).toEqual(scaler);
    const classes = { kind: 'categorical', from: 'logits', temperature: 1, source: 'seed' } as const;
    expect(outputScaler(scaler, classes)).toEqual(scaler);
  });

  it('repeats it for each level', () => {
    const levels = { kind: 'quantile' as const, levels: [0.5, 0.1], source: 'seed' as const };
    expect(outputScaler(scaler, levels)).toEqual({
      kind: 'standard',
      center: [3, -1, 3, -1],
      scale: [2, 0.5, 2, 0.5],
    });
  });

  it('moves the logarithm of a variance: a deviation of e^(s / 2) becomes one of scale e^(s / 2)', () => {
    const { center, scale } = outputScaler(scaler, { kind: 'gaussian', source: 'seed' });
    expect(scale).toEqual([2, 0.5, 1, 1]);
    const s = -0.7;
    expect(Math.exp((s + center[2]) / 2)).toBeCloseTo(2 * Math.exp(s / 2), 6);
    expect(Math.exp((s + center[3]) / 2)).toBeCloseTo(0.5 * Math.exp(s / 2), 6);
  });
});
