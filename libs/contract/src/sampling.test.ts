import { describe, expect, it } from 'vitest';
import { drawKeys, outputScaler, uniformDraws } from './sampling.ts';

const count = 20_000;

/** Draws of one seed along samples, or along cells. */
function draws(seed: bigint, along: 'samples' | 'cells'): number[] {
  const keys = drawKeys(seed);
  return Array.from({ length: count }, (_, at) =>
    along === 'samples' ? uniformDraws(keys, at, 3) : uniformDraws(keys, 3, at),
  ).flat();
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = a.reduce((total, value, index) => total + (value - meanA) * (b[index] - meanB), 0);
  return sum / a.length / (1 / 12);
}

// Fixed seeds: a test holds always or never. Bounds are four to five standard deviations of truly random draws.
const seeds = [0n, 1n, -1n, 42n, 2n ** 62n, -(2n ** 63n)];

describe(uniformDraws, () => {
  it.each(seeds.flatMap((seed) => (['samples', 'cells'] as const).map((along) => [seed, along] as const)))(
    'is uniform for seed %i along %s',
    (seed, along) => {
      const values = draws(seed, along);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.007);
      expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
      const bins = Array<number>(256).fill(0);
      for (const value of values) bins[Math.floor(value * 256)]++;
      const expected = values.length / 256;
      const chiSquare = bins.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: mean 255, standard deviation 22.6.
      expect(Math.abs(chiSquare - 255)).toBeLessThan(100);
      expect(Math.min(...values)).toBeGreaterThan(0);
      expect(Math.max(...values)).toBeLessThan(1);
      expect(values.map(Math.fround)).toEqual(values);
    },
  );

  it('has no correlation between neighbors, rows, halves and seeds', () => {
    const [first] = seeds;
    const all = draws(first, 'samples');
    const one = all.filter((_, index) => index % 2 === 0);
    const other = all.filter((_, index) => index % 2 === 1);
    const keys = drawKeys(first);
    const nextRow = one.map((_, sample) => uniformDraws(keys, sample, 4)[0]);
    const nextSeed = one.map((_, sample) => uniformDraws(drawKeys(1n), sample, 3)[0]);
    for (const [a, b] of [
      [one.slice(1), one.slice(0, -1)],
      [one, other],
      [one, nextRow],
      [one, nextSeed],
    ]) {
      // One standard deviation is 0.007.
      expect(Math.abs(correlation(a, b))).toBeLessThan(0.035);
    }
  });

  it('gives the same numbers for the same counter', () => {
    expect(uniformDraws(drawKeys(7n), 5, 11)).toEqual(uniformDraws(drawKeys(7n), 5, 11));
    expect(uniformDraws(drawKeys(7n), 5, 11)).not.toEqual(uniformDraws(drawKeys(8n), 5, 11));
  });
});

const scaler = { kind: 'standard' as const, center: [3, -1], scale: [2, 0.5] };

describe(outputScaler, () => {
  it('is the scaler of the features without sampling and for categorical', () => {
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
