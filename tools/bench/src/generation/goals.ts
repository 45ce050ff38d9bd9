import type { CellKind } from '@onda/contract';
import type { Goal } from '../report/goals.ts';
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

/** Microseconds a sample by system, the median. */
export type Times = ReadonlyMap<SystemName, number>;

/** Microseconds a sample at 32 units and batch 1, on the machine that they were set on. */
const absolute: Record<CellKind, number> = { rnn: 0.3, lstm: 0.35, gru: 2 };

/** What tells how fast a machine is: PyTorch at this work, which took so many microseconds a sample on the machine of the goals. */
const anchor = { work: 'generation-rnn-32-1', system: 'pytorch', micros: 22.8 } as const;

/** The share of PyTorch's time that we may take at batch 1. */
const SHARE_OF_PYTORCH = 0.1;

/**
 * How many times as long as the machine of the goals this one takes, by a system that is not ours; null where that was not measured in
 * this run.
 */
export function machineFactor(measured: readonly { work: GenerationWork; times: Times }[]): number | null {
  const micros = measured.find(({ work }) => work.name === anchor.work)?.times.get(anchor.system);
  return micros === undefined ? null : micros / anchor.micros;
}

/**
 * Holds the times of a work against what is asked of them. A time that was set on another machine is asked as a time of this one.
 *
 * @param factor of `machineFactor`; null: the times are asked as they were set
 */
export function checkGoals(
  { name, spec, batch }: GenerationWork,
  times: Times,
  factor: number | null,
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
    ...(first ? [result(absoluteGoal(spec.cell, factor), absolute[spec.cell] * (factor ?? 1))] : []),
    ...(batch === 1 && pytorch !== undefined
      ? [result('at most a tenth of pytorch', pytorch * SHARE_OF_PYTORCH)]
      : []),
    ...(others.length > 0
      ? [result('not slower than any other', Math.min(...others.map(([, other]) => other)))]
      : []),
  ];
}

function absoluteGoal(cell: CellKind, factor: number | null): string {
  const goal = `at most ${absolute[cell]} us`;
  if (factor === null) return goal;
  return `${goal} where ${anchor.system} takes ${anchor.micros} for the rnn; it takes ${factor.toFixed(2)} times that here`;
}

/** The same in words, as other benches give theirs. */
export function timeGoal({ work, goal, bound, time, met }: GoalResult): Goal {
  const us = (value: number): string => `${value.toPrecision(3)} us`;
  return { goal: `a sample of ${work}`, bound: `${goal} (${us(bound)})`, got: us(time), met };
}
