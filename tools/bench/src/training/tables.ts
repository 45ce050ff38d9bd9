import { figure, figureRange } from '../report/figures.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import type { RoundTimes } from '../rounds.ts';
import { median, roundRatios, spread } from '../statistics.ts';
import type { LossComparison } from './compareLosses.ts';
import { peer } from './systems.ts';

/** A work's times by system. */
export interface TimedWork {
  name: string;
  unit: 'ms' | 's';
  times: RoundTimes;
  /** Floating-point operations of a step, and the machine's peak in each round in 10^9 a second; null: not counted. */
  flops: { step: number; peaks: readonly number[] } | null;
}

export function timeRows({ name, unit, times }: TimedWork): Row[] {
  return [...times].map(([system, values]) => ({ work: name, system, unit, ...spread(values) }));
}

/** Each work and system in a line. */
export function timeTable(title: string, timed: readonly TimedWork[]): Table {
  const rows = timed.flatMap(({ name, unit, times, flops }) =>
    [...times].map(([system, values]) => {
      const { median: middle, min, max, runs } = spread(values);
      const peers = times.get(peer);
      return [
        name,
        system,
        `${figure(middle)} ${unit}`,
        figureRange(min, max),
        String(runs),
        peers === undefined ? '' : figure(median(roundRatios(values, peers))),
        flops === null ? '' : shareText(values, flops),
      ];
    }),
  );
  return {
    title,
    head: ['work', 'system', 'median', 'min – max', 'rounds', `ratio to ${peer}`, 'of peak'],
    rows,
  };
}

/** The share of each round's peak that a step used, the median; empty where no peak was measured. */
function shareText(values: readonly number[], { step, peaks }: NonNullable<TimedWork['flops']>): string {
  if (peaks.length === 0) return '';
  const reached = values.map((ms) => step / (ms * 1e6));
  return `${figure(100 * median(roundRatios(reached, peaks)))} %`;
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
    title: "The machine's peak: a product of square float32 matrices, over the rounds of all works",
    head: ['work', 'library of', 'median', 'min – max'],
    rows: rows.map(({ work, system, unit, median: middle, min, max }) => [
      work,
      system,
      `${figure(middle)} ${unit}`,
      figureRange(min, max),
    ]),
  };
}
