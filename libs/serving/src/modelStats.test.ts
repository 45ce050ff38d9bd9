import { describe, expect, it } from 'vitest';
import { Latencies } from './modelStats.ts';

/** Half a bucket: 2^(1/16). */
const WITHIN = 0.05;

describe(Latencies, () => {
  it('reports quantiles in microseconds to within half a bucket', () => {
    const latencies = new Latencies(() => 0);
    for (let value = 1; value <= 1000; value++) latencies.add(value);
    for (const [share, expected] of [
      [0.5, 500_000],
      [0.9, 900_000],
      [0.999, 999_000],
    ]) {
      expect(Math.abs(latencies.quantile(share) / expected - 1)).toBeLessThan(WITHIN);
    }
    expect(latencies).toMatchObject({ count: 1000, sum: 500_500 });
  });

  it('drops values older than a minute from the quantiles, and keeps them in the sums', () => {
    let now = 0;
    const latencies = new Latencies(() => now);
    expect(latencies.quantile(0.5)).toBeNaN();
    latencies.add(100);
    now = 31_000;
    latencies.add(1);
    expect(latencies.quantile(1) / 1e5).toBeCloseTo(1, 1);
    now = 62_000;
    latencies.add(1);
    expect(latencies.quantile(1) / 1e3).toBeCloseTo(1, 1);
    now = 200_000;
    expect(latencies.quantile(0.5)).toBeNaN();
    expect(latencies.sum).toBe(102);
  });

  it('accepts durations of 0 and of hours', () => {
    const latencies = new Latencies(() => 0);
    latencies.add(0);
    expect(latencies.quantile(0.5)).toBeLessThan(2);
    latencies.add(1e9);
    expect(latencies.quantile(1)).toBeGreaterThan(2e9);
  });
});
