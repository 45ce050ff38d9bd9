import { describe, expect, it } from 'vitest';
import { bySchedule } from './timedAnswers.ts';
import { findTopRate } from './topRate.ts';

/** A service that holds up to so many requests a second. */
const service =
  (most: number, tried: number[] = []) =>
  (rate: number) => {
    tried.push(rate);
    const sent = Array.from({ length: 100 }, (_, index) => index);
    const took = sent.map(() => (rate <= most ? 5 : 80));
    return Promise.resolve([
      bySchedule(
        sent,
        took,
        sent.map(() => 200),
        1000,
      ),
    ]);
  };

describe(findTopRate, () => {
  it('comes near the rate that is held, from below', async () => {
    const tried: number[] = [];
    const top = await findTopRate(service(5000, tried));
    expect(top?.rate).toBeLessThanOrEqual(5000);
    expect(top?.rate).toBeGreaterThan(4700);
    expect(top?.stretch).toMatchObject({ answered: 100, p99: 5 });
    expect(tried.length).toBeLessThan(16);
  });

  it('tries again what was not held once', async () => {
    const tried: number[] = [];
    const top = await findTopRate(async (rate) => {
      const first = !tried.includes(rate);
      return [...(await service(first ? 0 : 5000, tried)(rate))];
    });
    expect(top?.rate).toBeGreaterThan(4700);
  });

  it('is none where the least is too much', async () => {
    expect(await findTopRate(service(10))).toBeNull();
  });
});
