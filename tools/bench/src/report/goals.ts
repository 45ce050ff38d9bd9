import type { Table } from './table.ts';

/** A bound that a figure was held against, all in words: `export of rnn-32`, `at most 1 s`, `0.7 s`. */
export interface Goal {
  /** What was measured. */
  goal: string;
  bound: string;
  got: string;
  met: boolean;
}

/** The goals that were missed, in plain sight; null where none was. */
export function missedTable(goals: readonly Goal[]): Table | null {
  const missed = goals.filter(({ met }) => !met);
  if (missed.length === 0) return null;
  return {
    title: `Goals missed: ${missed.length} of ${goals.length}`,
    head: ['goal', 'bound', 'got', 'met'],
    rows: missed.map(({ goal, bound, got }) => [goal, bound, got, 'no']),
  };
}

/** A sentence for a goal that was missed. */
export function missedText({ goal, bound, got }: Goal): string {
  return `${goal}: expected ${bound}, got ${got}`;
}
