import { describe, expect, it } from 'vitest';
import { checkGoals } from '../report/goals.ts';
import type { SoakSlice } from './soakBench.ts';
import { metricValue, soakBench, soakRows, soakSlices } from './soakBench.ts';
import { bySchedule } from './timedAnswers.ts';

const slice = (p99: number, residentMiB: number): SoakSlice => ({
  ...{ answered: 10, refused: 0, failed: 0, p50: 1, p99, untilMin: 1 },
  ...{ residentMiB, heapMiB: 10, liveSequences: 5 },
});
const metBy = (slices: SoakSlice[], unanswered = 0): boolean[] =>
  checkGoals(soakBench.goals, soakRows(slices, 100, 80, unanswered)).map(({ met }) => met);

describe('goals of soakBench', () => {
  it('accept variation without a trend', () => {
    expect(metBy([slice(5, 200), slice(9, 230), slice(6, 200), slice(8, 250)])).toEqual([true, true, true]);
  });

  it('find a growing p99, growing memory, and unanswered requests', () => {
    expect(metBy([slice(4, 200), slice(5, 230), slice(8, 260)])).toEqual([false, true, true]);
    expect(metBy([slice(4, 200), slice(4, 230), slice(4, 265)])).toEqual([true, false, true]);
    expect(metBy([slice(4, 200), slice(4, 200), slice(4, 200)], 1)).toEqual([true, true, false]);
    expect(metBy([slice(NaN, 200), slice(4, 200), slice(NaN, 200)])[0]).toBe(false);
  });
});

describe(soakSlices, () => {
  it('slices answers and samples alike', () => {
    const load = bySchedule([0, 59_000, 61_000], [1, 2, 3], [200, 200, 503], null);
    const sample = (atMs: number, residentMiB: number, heapMiB: number) => ({
      ...{ atMs, residentMiB, heapMiB, liveSequences: 4 },
    });
    const slices = soakSlices([load], [sample(1000, 100, 50), sample(2000, 90, 60)], 0, 6);
    expect(slices).toHaveLength(6);
    expect(slices[0]).toMatchObject({ answered: 2, p99: 2, residentMiB: 100, heapMiB: 50, liveSequences: 4 });
    expect(slices[1]).toMatchObject({ answered: 0, refused: 1, untilMin: 2, residentMiB: 0 });
  });
});

describe(metricValue, () => {
  const text =
    '# HELP live x\nlive{model="a",version="1"} 3\nlive{model="b",version="1"} 4\nlive_more 9\nrss 1.5e3\n';

  it('sums over labels of exactly that name', () => {
    expect(metricValue(text, 'live')).toBe(7);
    expect(metricValue(text, 'rss')).toBe(1500);
    expect(metricValue(text, 'none')).toBeNaN();
  });
});
