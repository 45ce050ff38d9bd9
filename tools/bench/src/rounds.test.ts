import { describe, expect, it } from 'vitest';
import type { Subject } from './rounds.ts';
import { interleavedRounds } from './rounds.ts';

/** A subject whose steps take `stepMs` each; its calls are recorded. */
function steady(name: string, stepMs: number, calls: string[]): Subject {
  return {
    name,
    run: (steps) => {
      calls.push(`${name}${steps}`);
      return Promise.resolve(steps * stepMs);
    },
  };
}

const plan = { rounds: 3, targetMs: 100, slowRounds: 2 };

describe(interleavedRounds, () => {
  it('interleaves subjects, with as many steps as fill the target', async () => {
    const calls: string[] = [];
    const times = await interleavedRounds([steady('a', 10, calls), steady('b', 100, calls)], plan);
    expect(calls.slice(-6)).toEqual(['a10', 'b1', 'a10', 'b1', 'a10', 'b1']);
    expect(times).toEqual(
      new Map([
        ['a', [10, 10, 10]],
        ['b', [100, 100, 100]],
      ]),
    );
  });

  it('warms up for at least half the target before it counts', async () => {
    const calls: string[] = [];
    await interleavedRounds([steady('a', 0.01, calls)], plan);
    const warm = calls.slice(0, -3).map((call) => Number(call.slice(1)));
    expect(warm.at(-1)).toBeGreaterThanOrEqual(5000);
    expect(calls.slice(-3)).toEqual(['a10000', 'a10000', 'a10000']);
  });

  it('lets a slow subject skip the last rounds', async () => {
    const times = await interleavedRounds([steady('slow', 401, []), steady('fast', 400, [])], plan);
    expect(times.get('slow')).toHaveLength(2);
    expect(times.get('fast')).toHaveLength(3);
  });
});
