import { describe, expect, it } from 'vitest';
import { bySchedule, findTopRate, intervalOf, p99OfSeconds } from './timedAnswers.ts';

describe(bySchedule, () => {
  it('counts a delay in sending as time of the request', () => {
    // Ten a second: the third was to be sent at 1200, and waited for a connection until 1500.
    const { atMs, tookMs, status } = bySchedule([1100, 1000, 1500], [5, 400, 6], [200, 503, 200], 10);
    expect([...atMs]).toEqual([1000, 1100, 1200]);
    expect([...tookMs]).toEqual([400, 5, 306]);
    expect([...status]).toEqual([503, 200, 200]);
  });

  it('leaves an early request as it was', () => {
    expect([...bySchedule([1000, 1001], [1, 1], [200, 200], 10).atMs]).toEqual([1000, 1001]);
    expect([...bySchedule([1000, 5000], [1, 1], [200, 200], null).atMs]).toEqual([1000, 5000]);
  });
});

describe(p99OfSeconds, () => {
  it('ignores a single slow second', () => {
    const load = bySchedule([0, 1000, 2000, 3000], [2, 900, 4, 3], [200, 200, 200, 503], null);
    expect(p99OfSeconds([load], 0, 4000)).toBe(4);
    expect(p99OfSeconds([load], 3000, 4000)).toBeNaN();
  });
});

describe(intervalOf, () => {
  it('separates answers, refusals and failures of an interval', () => {
    const load = bySchedule([0, 10, 20, 30, 40], [1, 2, 3, 4, 5], [200, 429, 200, 503, 500], 100);
    expect(intervalOf([load], 0, 41)).toEqual({ answered: 2, refused: 2, failed: 1, p50: 3, p99: 3 });
    expect(intervalOf([load, load], 0, 20)).toMatchObject({ answered: 2, refused: 2, failed: 0, p99: 1 });
    expect(intervalOf([load], 100, 200)).toMatchObject({ answered: 0, p99: NaN });
  });
});

/** A service that sustains up to so many requests per second. */
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
  it('approaches the sustained rate from below', async () => {
    const tried: number[] = [];
    const top = await findTopRate(service(5000, tried), 50);
    expect(top.rate).toBeLessThanOrEqual(5000);
    expect(top.rate).toBeGreaterThan(4700);
    expect(top.p99).toBe(5);
    expect(top.note).toMatch(/^Maximum rate: \d+ requests per second/);
    expect(tried.length).toBeLessThan(16);
  });

  it('tries a failed rate again', async () => {
    const tried: number[] = [];
    const top = await findTopRate(async (rate) => {
      const first = !tried.includes(rate);
      return [...(await service(first ? 0 : 5000, tried)(rate))];
    }, 50);
    expect(top.rate).toBeGreaterThan(4700);
  });

  it('fails where the first rate is too much', async () => {
    await expect(findTopRate(service(10), 50)).rejects.toThrow(
      'bench: expected 1000 requests per second to be sustained (at most 1 of 1000 failed, and a p99 of at most 50 ms',
    );
  });
});
