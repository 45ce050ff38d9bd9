import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import { median, spread } from '../statistics.ts';
import type { Load } from './load.ts';
import type { LoadResult } from './loadResult.ts';
import type { SystemName } from './systems.ts';

/** One load on every system: a result for each round. */
export interface Measured {
  load: Load;
  results: ReadonlyMap<SystemName, readonly LoadResult[]>;
}

const figures = [
  { key: 'rate', suffix: '', unit: 'requests/s' },
  { key: 'p50', suffix: '-p50', unit: 'ms' },
  { key: 'p99', suffix: '-p99', unit: 'ms' },
] as const;

/** @param starts seconds until a system was ready */
export function servingRows(measured: readonly Measured[], starts: ReadonlyMap<SystemName, number>): Row[] {
  const rows: Row[] = measured.flatMap(({ load, results }) =>
    [...results].flatMap(([system, runs]) =>
      figures.map(({ key, suffix, unit }) => ({
        work: `${load.name}${suffix}`,
        system,
        unit: key === 'rate' && load.form === 'sequences' ? 'steps/s' : unit,
        ...spread(runs.map((run) => run[key])),
      })),
    ),
  );
  const started = [...starts].map(([system, seconds]) => ({
    work: 'start',
    system,
    unit: 's',
    ...spread([seconds]),
  }));
  return [...rows, ...started];
}

export function loadTable(measured: readonly Measured[]): Table {
  return {
    title: 'Requests (of sequences: steps) a second, one sample each; times in milliseconds',
    head: ['load', 'system', 'a second', 'p50', 'p99'],
    rows: measured.flatMap(({ load, results }) =>
      [...results].map(([system, runs]) => [
        load.name,
        system,
        median(runs.map(({ rate }) => rate)).toFixed(0),
        median(runs.map(({ p50 }) => p50)).toFixed(2),
        median(runs.map(({ p99 }) => p99)).toFixed(2),
      ]),
    ),
  };
}

/** How many times a peer's rate Onda's is to be, with a p99 that is not worse. */
const goals = { 'triton-python': 2, mlserver: 7 } as const;

/** Steps a second of so many live sequences. */
const stepGoals: Readonly<Record<string, number>> = { 'sequences-1000': 200_000 };

/** Start to ready, seconds. */
const START_GOAL_S = 1;

/** Each goal beside what was measured. */
export function goalTable(measured: readonly Measured[], starts: ReadonlyMap<SystemName, number>): Table {
  const rows = measured.flatMap(({ load, results }) => {
    const own = results.get('onda');
    if (own === undefined) return [];
    const steps = Object.hasOwn(stepGoals, load.name) ? stepGoals[load.name] : undefined;
    if (steps !== undefined) {
      const rate = middle(own, 'rate');
      const found = `${rate.toFixed(0)}/s`;
      return [[load.name, '', `${steps}/s`, found, '', rate >= steps ? 'yes' : 'no']];
    }
    return Object.entries(goals).flatMap(([peer, goal]) => {
      const theirs = results.get(peer as SystemName);
      if (theirs === undefined) return [];
      const ratio = middle(own, 'rate') / middle(theirs, 'rate');
      const slower = middle(own, 'p99') / middle(theirs, 'p99');
      const reached = ratio >= goal && slower <= 1;
      return [[load.name, peer, `${goal}`, ratio.toFixed(2), slower.toFixed(2), reached ? 'yes' : 'no']];
    });
  });
  const start = starts.get('onda');
  const started =
    start === undefined
      ? []
      : [
          [
            'start to ready',
            '',
            `${START_GOAL_S} s`,
            `${start.toFixed(2)} s`,
            '',
            start < START_GOAL_S ? 'yes' : 'no',
          ],
        ];
  return {
    title: "Onda's rate over its peer's (goal, found), its p99 over the peer's (goal: at most 1)",
    head: ['load', 'peer', 'goal', 'rate', 'p99', 'reached'],
    rows: [...rows, ...started],
  };
}

/** The goals of a table that were not reached, a sentence each. */
export function missedGoals({ rows }: Table): string[] {
  return rows
    .filter((row) => row.at(-1) === 'no')
    .map(([load, peer, goal, rate, p99]) =>
      peer === ''
        ? `${load}: expected ${goal.endsWith('/s') ? 'at least' : 'under'} ${goal}, got ${rate}`
        : `${load}: expected ${goal} times the rate of ${peer} and a p99 that is not worse, got ${rate} times and ${p99} times its p99`,
    );
}

function middle(runs: readonly LoadResult[], key: 'rate' | 'p99'): number {
  return median(runs.map((run) => run[key]));
}
