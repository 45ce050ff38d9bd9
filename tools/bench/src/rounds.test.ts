import { describe, expect, it } from 'vitest';
import type { Contestant } from './rounds.ts';
import { interleavedRounds } from './rounds.ts';

/** A contestant whose every step takes `stepMs`, and the record of what was asked of it. */
function steady(name: string, stepMs: number, calls: string[]): Contestant {
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
  it('takes turns, with as many steps as fill a turn', async () => {
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

  it('warms up for at least half a turn before it counts', async () => {
    const calls: string[] = [];
    await interleavedRounds([steady('a', 0.01, calls)], plan);
    const warm = calls.slice(0, -3).map((call) => Number(call.slice(1)));
    expect(warm.at(-1)).toBeGreaterThanOrEqual(5000);
    expect(calls.slice(-3)).toEqual(['a10000', 'a10000', 'a10000']);
  });

  it('lets the slow leave the last rounds out', async () => {
    const times = await interleavedRounds([steady('slow', 401, []), steady('fast', 400, [])], plan);
    expect(times.get('slow')).toHaveLength(2);
    expect(times.get('fast')).toHaveLength(3);
  });
});
