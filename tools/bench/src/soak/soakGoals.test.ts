import { describe, expect, it } from 'vitest';
import { bySchedule } from '../rates/timedAnswers.ts';
import { soakGoals } from './soakGoals.ts';
import { soakSlices } from './soakSlices.ts';
import type { SoakSlice } from './soakSlices.ts';

const slice = (p99: number, residentMiB: number): SoakSlice => ({
  ...{ answered: 10, refused: 0, failed: 0, p50: 1, p99, untilMin: 1 },
  ...{ residentMiB, heapMiB: 10, liveSequences: 5 },
});
const metBy = (slices: SoakSlice[], failures = 0): boolean[] =>
  soakGoals(slices, failures).map(({ met }) => met);

describe(soakGoals, () => {
  it('takes what moves without a direction', () => {
    expect(metBy([slice(5, 200), slice(9, 230), slice(6, 200), slice(8, 250)])).toEqual([true, true, true]);
  });

  it('tells a p99 and a memory that grow, and requests that were lost', () => {
    expect(metBy([slice(4, 200), slice(5, 230), slice(8, 260)])).toEqual([false, true, true]);
    expect(metBy([slice(4, 200), slice(4, 230), slice(4, 265)])).toEqual([true, false, true]);
    expect(metBy([slice(4, 200), slice(4, 200), slice(4, 200)], 1)).toEqual([true, true, false]);
    expect(metBy([slice(NaN, 200), slice(4, 200), slice(NaN, 200)])[0]).toBe(false);
  });
});

describe(soakSlices, () => {
  it('parts answers and samples alike', () => {
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
