import { figure, figureRange } from '../report/figures.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import type { RoundTimes } from '../rounds.ts';
import { median, roundRatios, spread } from '../statistics.ts';
import type { LossComparison } from './compareLosses.ts';
import { peer } from './systems.ts';
import { stepFlops } from './work.ts';
import type { Work } from './work.ts';

/** A work's times by system; `work` is null where its operations are not counted. */
export interface TimedWork {
  name: string;
  unit: 'ms' | 's';
  work: Work | null;
  times: RoundTimes;
}

export function timeRows({ name, unit, times }: TimedWork): Row[] {
  return [...times].map(([system, values]) => ({ work: name, system, unit, ...spread(values) }));
}

/**
 * Each work and system in a line.
 *
 * @param peakGflops what the machine reaches, to tell how much of it a step uses; null: not known
 */
export function timeTable(title: string, timed: readonly TimedWork[], peakGflops: number | null): Table {
  const rows = timed.flatMap(({ name, unit, work, times }) =>
    [...times].map(([system, values]) => {
      const { median: middle, min, max, runs } = spread(values);
      const peers = times.get(peer);
      const gflops = work === null ? null : stepFlops(work) / (middle * 1e6);
      return [
        name,
        system,
        `${figure(middle)} ${unit}`,
        figureRange(min, max),
        String(runs),
        peers === undefined ? '' : figure(median(roundRatios(values, peers))),
        gflops === null || peakGflops === null ? '' : `${figure((100 * gflops) / peakGflops)} %`,
      ];
    }),
  );
  return {
    title,
    head: ['work', 'system', 'median', 'min – max', 'rounds', `ratio to ${peer}`, 'of peak'],
    rows,
  };
}

/** How the losses of the systems agree. */
export function lossTable(comparisons: readonly LossComparison[]): Table {
  return {
    title: 'The first losses, compared',
    head: ['work', 'system', 'with', 'losses compared', 'greatest relative difference', 'why no more'],
    rows: comparisons.map(({ work, system, reference, compared, difference, reason }) => [
      work,
      system,
      reference ?? 'nothing',
      String(compared),
      compared === 0 ? '' : difference.toExponential(1),
      reason,
    ]),
  };
}

export function peakTable(rows: readonly Row[]): Table {
  return {
    title:
      "The machine's peak: products of square float32 matrices; the greatest figure is what shares are of",
    head: ['work', 'library of', 'median', 'min – max'],
    rows: rows.map(({ work, system, unit, median: middle, min, max }) => [
      work,
      system,
      `${figure(middle)} ${unit}`,
      figureRange(min, max),
    ]),
  };
}
