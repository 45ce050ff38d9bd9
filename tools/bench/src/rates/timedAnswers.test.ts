import { describe, expect, it } from 'vitest';
import { bySchedule, p99OfSeconds, stretchOf } from './timedAnswers.ts';

describe(bySchedule, () => {
  it('counts what a request was sent late as its time', () => {
    // Ten a second: the third was to be sent at 1200, and waited for a connection until 1500.
    const { atMs, tookMs, status } = bySchedule([1100, 1000, 1500], [5, 400, 6], [200, 503, 200], 10);
    expect([...atMs]).toEqual([1000, 1100, 1200]);
    expect([...tookMs]).toEqual([400, 5, 306]);
    expect([...status]).toEqual([503, 200, 200]);
  });

  it('takes one that was early as it was', () => {
    expect([...bySchedule([1000, 1001], [1, 1], [200, 200], 10).atMs]).toEqual([1000, 1001]);
    expect([...bySchedule([1000, 5000], [1, 1], [200, 200], null).atMs]).toEqual([1000, 5000]);
  });
});

describe(p99OfSeconds, () => {
  it('is no second that stood still', () => {
    const load = bySchedule([0, 1000, 2000, 3000], [2, 900, 4, 3], [200, 200, 200, 503], null);
    expect(p99OfSeconds([load], 0, 4000)).toBe(4);
    expect(p99OfSeconds([load], 3000, 4000)).toBeNaN();
  });
});

describe(stretchOf, () => {
  it('tells answers, refusals and failures of a stretch apart', () => {
    const load = bySchedule([0, 10, 20, 30, 40], [1, 2, 3, 4, 5], [200, 429, 200, 503, 500], 100);
    expect(stretchOf([load], 0, 41)).toEqual({ answered: 2, refused: 2, failed: 1, p50: 3, p99: 3 });
    expect(stretchOf([load, load], 0, 20)).toMatchObject({ answered: 2, refused: 2, failed: 0, p99: 1 });
    expect(stretchOf([load], 100, 200)).toMatchObject({ answered: 0, p99: NaN });
  });
});
