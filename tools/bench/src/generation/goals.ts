import type { CellKind } from '@onda/contract';
import type { SystemName } from './systems.ts';
import { ours } from './systems.ts';
import type { GenerationWork } from './work.ts';

/** A bound on our time a sample, and whether it was kept. */
export interface GoalResult {
  work: string;
  /** What was asked, in words. */
  goal: string;
  /** Microseconds a sample. */
  bound: number;
  time: number;
  met: boolean;
}

/** Microseconds a sample at 32 units and batch 1. */
const absolute: Record<CellKind, number> = { rnn: 0.3, lstm: 0.35, gru: 2 };

/** The share of PyTorch's time that we may take at batch 1. */
const SHARE_OF_PYTORCH = 0.1;

/**
 * Holds the times of a work against what is asked of them.
 *
 * @param times microseconds a sample by system, the median
 */
export function checkGoals(
  { name, spec, batch }: GenerationWork,
  times: ReadonlyMap<SystemName, number>,
): GoalResult[] {
  const time = times.get(ours);
  if (time === undefined) return [];
  const result = (goal: string, bound: number): GoalResult => ({
    work: name,
    goal,
    bound,
    time,
    met: time <= bound,
  });
  const others = [...times].filter(([system]) => system !== ours);
  const pytorch = times.get('pytorch');
  const first = spec.units === 32 && spec.layers === 1 && batch === 1;
  return [
    ...(first ? [result(`at most ${absolute[spec.cell]} us`, absolute[spec.cell])] : []),
    ...(batch === 1 && pytorch !== undefined
      ? [result('at most a tenth of pytorch', pytorch * SHARE_OF_PYTORCH)]
      : []),
    ...(others.length > 0
      ? [result('not slower than any other', Math.min(...others.map(([, other]) => other)))]
      : []),
  ];
}

/** A sentence for a goal that was missed. */
export function missedGoal({ work, goal, bound, time }: GoalResult): string {
  return `${work}: expected ${ours} to take ${goal} (${bound.toPrecision(3)} us a sample), got ${time.toPrecision(3)}`;
}
