import { figure, figureRange } from '../report/figures.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import { median, roundRatios, spread } from '../statistics.ts';
import type { ValueComparison } from './compareValues.ts';
import type { GoalResult } from './goals.ts';
import type { MeasuredWork } from './measureWork.ts';
import { ours } from './systems.ts';

export function timeRows({ work, times }: MeasuredWork): Row[] {
  return [...times].map(([system, { times: values }]) => ({
    work: work.name,
    system,
    unit: 'us',
    ...spread(values),
  }));
}

/** Each work and system in a line, with how many times as long as ours it took, round by round. */
export function timeTable(measured: readonly MeasuredWork[]): Table {
  const rows = measured.flatMap(({ work, times }) => {
    const own = times.get(ours)?.times;
    return [...times].map(([system, { threads, times: values }]) => {
      const { median: middle, min, max, runs } = spread(values);
      return [
        work.name,
        system,
        `${figure(middle)} us`,
        figureRange(min, max),
        String(runs),
        threads === 0 ? 'own' : String(threads),
        own === undefined ? '' : figure(median(roundRatios(values, own))),
      ];
    });
  });
  return {
    title: 'Time of a generated sample of the whole batch',
    head: ['work', 'system', 'median', 'min – max', 'rounds', 'threads', `ratio to ${ours}`],
    rows,
  };
}

export function valueTable(comparisons: readonly ValueComparison[]): Table {
  return {
    title: 'Values, against a run a sample',
    head: ['work', 'system', 'first samples', 'greatest difference', 'greatest value', 'why not'],
    rows: comparisons.map(({ work, system, samples, difference, greatest, unlike }) => [
      work,
      system,
      unlike === '' ? String(samples) : '',
      unlike === '' ? difference.toExponential(1) : '',
      unlike === '' ? figure(greatest) : '',
      unlike,
    ]),
  };
}

export function goalTable(goals: readonly GoalResult[]): Table {
  return {
    title: `Goals for ${ours}`,
    head: ['work', 'goal', 'bound', 'got', 'met'],
    rows: goals.map(({ work, goal, bound, time, met }) => [
      work,
      goal,
      `${figure(bound)} us`,
      `${figure(time)} us`,
      met ? 'yes' : 'no',
    ]),
  };
}
