import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import { median, spread } from '../statistics.ts';
import { isStepped } from './load.ts';
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
        unit: key === 'rate' && isStepped(load) ? 'steps/s' : unit,
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
        middleOf(runs, 'rate').toFixed(0),
        middleOf(runs, 'p50').toFixed(2),
        middleOf(runs, 'p99').toFixed(2),
      ]),
    ),
  };
}

/** How many times a peer's rate Onda's is, and its p99 over the peer's; null where nothing was measured beside it. */
export function peerTable(measured: readonly Measured[]): Table | null {
  const rows = measured.flatMap(({ load, results }) => {
    const own = results.get('onda');
    if (own === undefined) return [];
    return [...results].flatMap(([peer, theirs]) => {
      if (peer === 'onda') return [];
      const [rate, p99] = (['rate', 'p99'] as const).map((key) => middleOf(own, key) / middleOf(theirs, key));
      return [[load.name, peer, rate.toFixed(2), p99.toFixed(2)]];
    });
  });
  if (rows.length === 0) return null;
  return {
    title: "Onda's rate over its peer's, and its p99 over the peer's",
    head: ['load', 'peer', 'rate', 'p99'],
    rows,
  };
}

/** The median over the rounds. */
export function middleOf(runs: readonly LoadResult[], key: 'rate' | 'p50' | 'p99'): number {
  return median(runs.map((run) => run[key]));
}
