import type { Goal } from '../report/goals.ts';
import { middleOf } from './figures.ts';
import type { Measured } from './figures.ts';
import type { SystemName } from './systems.ts';

/** How many times a peer's rate Onda's is to be, with a p99 that is not worse. */
const timesPeer: Readonly<Partial<Record<SystemName, number>>> = { 'triton-python': 2, mlserver: 7 };

/** Steps a second of so many live sequences. */
const stepsGoal: Readonly<Record<string, number>> = { 'sequences-1000': 200_000 };

/** Start to ready, seconds. */
const START_S = 1;

/**
 * What Onda is held to, and what came.
 *
 * @param starts seconds until a system was ready
 */
export function servingGoals(measured: readonly Measured[], starts: ReadonlyMap<SystemName, number>): Goal[] {
  const start = starts.get('onda');
  return [
    ...measured.flatMap(goalsOfLoad),
    ...(start === undefined
      ? []
      : [
          {
            goal: 'start to ready',
            bound: `under ${START_S} s`,
            got: `${start.toFixed(2)} s`,
            met: start < START_S,
          },
        ]),
  ];
}

function goalsOfLoad({ load, results }: Measured): Goal[] {
  const own = results.get('onda');
  if (own === undefined) return [];
  const rate = middleOf(own, 'rate');
  const p99 = middleOf(own, 'p99');
  const steps = Object.hasOwn(stepsGoal, load.name) ? stepsGoal[load.name] : undefined;
  if (steps !== undefined) {
    return [
      {
        goal: load.name,
        bound: `at least ${steps} steps/s`,
        got: `${rate.toFixed(0)} steps/s`,
        met: rate >= steps,
      },
    ];
  }
  return [...results].flatMap(([peer, theirs]) => {
    const times = timesPeer[peer];
    if (times === undefined) return [];
    const ratio = rate / middleOf(theirs, 'rate');
    const slower = p99 / middleOf(theirs, 'p99');
    return [
      {
        goal: load.name,
        bound: `${times} times the rate of ${peer} and a p99 that is not worse`,
        got: `${ratio.toFixed(2)} times and ${slower.toFixed(2)} times its p99`,
        met: ratio >= times && slower <= 1,
      },
    ];
  });
}
