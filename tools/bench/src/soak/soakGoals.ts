import type { Goal } from '../report/goals.ts';
import { median } from '../statistics.ts';
import type { SoakSlice } from './soakSlices.ts';

/**
 * How much more the last third may have than the first.
 *
 * The p99 of a minute moves by a third on a quiet machine, with whatever else wants a core in it; what grows with the age of a service
 * doubles within a soak. V8 lets the heap grow by tens of mebibytes before it collects; a leak of 20 bytes a request is 90 MiB in ten
 * minutes of 8,000 requests a second.
 */
const most = { p99Ratio: 1.5, p99Ms: 1, memoryMiB: 64 } as const;

/** @param failures requests that were not answered, by whoever counts them */
export function soakGoals(slices: readonly SoakSlice[], failures: number): Goal[] {
  const third = Math.ceil(slices.length / 3);
  const [first, last] = [slices.slice(0, third), slices.slice(-third)];
  const [early, late] = [first, last].map((part) => median(part.map(({ p99 }) => p99)));
  const [small, large] = [first, last].map((part) => Math.max(...part.map(({ residentMiB }) => residentMiB)));
  const p99Bound = early * most.p99Ratio + most.p99Ms;
  return [
    {
      goal: 'p99 of the last third',
      bound: `at most ${most.p99Ratio} times the first third's and ${most.p99Ms} ms (${p99Bound.toFixed(1)} ms)`,
      got: `${late.toFixed(1)} ms`,
      met: late <= p99Bound,
    },
    {
      goal: 'memory of the last third',
      bound: `at most ${most.memoryMiB} MiB above the first third's (${(small + most.memoryMiB).toFixed(0)} MiB)`,
      got: `${large.toFixed(0)} MiB`,
      met: large <= small + most.memoryMiB,
    },
    { goal: 'requests without an answer', bound: 'none', got: String(failures), met: failures === 0 },
  ];
}
