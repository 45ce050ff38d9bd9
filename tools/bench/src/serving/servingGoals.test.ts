import { describe, expect, it } from 'vitest';
import { missedText } from '../report/goals.ts';
import type { Measured } from './figures.ts';
import { parseLoad } from './load.ts';
import type { LoadResult } from './loadResult.ts';
import { servingGoals } from './servingGoals.ts';
import type { SystemName } from './systems.ts';

const result = (rate: number, p99: number): LoadResult => ({ rate, p50: 1, p99, failures: 0 });
const measured = (load: string, results: Partial<Record<SystemName, LoadResult>>): Measured => ({
  load: parseLoad(load),
  results: new Map(Object.entries(results).map(([name, one]) => [name as SystemName, [one]])),
});
const none = new Map<SystemName, number>();

describe(servingGoals, () => {
  it('reaches a goal only where the rate is enough and the p99 is not worse', () => {
    const load = measured('grpc-16', {
      onda: result(950, 2),
      'triton-python': result(500, 2),
      mlserver: result(100, 1),
    });
    const goals = servingGoals([load], new Map([['onda', 1.5]]));
    expect(goals.map(missedText)).toEqual([
      'grpc-16: expected 2 times the rate of triton-python and a p99 that is not worse, got 1.90 times and 1.00 times its p99',
      'grpc-16: expected 7 times the rate of mlserver and a p99 that is not worse, got 9.50 times and 2.00 times its p99',
      'start to ready: expected under 1 s, got 1.50 s',
    ]);
    expect(goals.map(({ met }) => met)).toEqual([false, false, false]);
    const quick = measured('grpc-16', { onda: result(1000, 2), 'triton-python': result(500, 2) });
    expect(servingGoals([quick], new Map([['onda', 0.5]])).map(({ met }) => met)).toEqual([true, true]);
  });

  it('holds the steps of live sequences to a number of their own', () => {
    const [goal] = servingGoals([measured('sequences-1000', { onda: result(150_000, 2) })], none);
    expect(missedText(goal)).toBe('sequences-1000: expected at least 200000 steps/s, got 150000 steps/s');
    expect(goal.met).toBe(false);
    expect(servingGoals([measured('sequences-1000', { onda: result(250_000, 2) })], none)[0].met).toBe(true);
    expect(servingGoals([measured('sequences-100', { onda: result(5, 2) })], none)).toEqual([]);
  });
});
