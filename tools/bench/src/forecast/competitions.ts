import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { SeriesSet } from '@onda/series';

const entry = z.strictObject({ id: z.string(), history: z.array(z.number()), future: z.array(z.number()) });
const competitions = z.record(z.string(), z.record(z.string(), z.array(entry)));

export type Entry = z.infer<typeof entry>;

/** All series of a frequency of a competition. */
export interface ForecastWorkload {
  name: string;
  competition: 'tourism' | 'm3';
  frequency: 'monthly' | 'quarterly' | 'yearly';
  /** Samples per season. */
  period: number;
  /** Another competition whose series of this frequency are learned from too. */
  related?: 'm3';
  /** MASE of the recipe in PyTorch. */
  recipe: number;
}

export const forecastWorkloads: readonly ForecastWorkload[] = [
  { name: 'tourism-monthly', competition: 'tourism', frequency: 'monthly', period: 12, recipe: 1.444 },
  { name: 'tourism-quarterly', competition: 'tourism', frequency: 'quarterly', period: 4, recipe: 1.574 },
  {
    ...{ name: 'tourism-yearly', competition: 'tourism', frequency: 'yearly', period: 1 },
    ...{ related: 'm3', recipe: 2.667 },
  },
  { name: 'm3-monthly', competition: 'm3', frequency: 'monthly', period: 12, recipe: 0.859 },
  { name: 'm3-quarterly', competition: 'm3', frequency: 'quarterly', period: 4, recipe: 1.143 },
  { name: 'm3-yearly', competition: 'm3', frequency: 'yearly', period: 1, recipe: 2.785 },
];

/** Reads what peers/competition_data.py wrote. */
export function readCompetitions(file: string): Record<string, Record<string, Entry[]>> {
  return competitions.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** The series of a workload; those that repeat their season exactly have no MASE and do not count. */
export function entriesOf(
  all: Record<string, Record<string, Entry[]>>,
  { competition, frequency, period }: Pick<ForecastWorkload, 'competition' | 'frequency' | 'period'>,
): Entry[] {
  return all[competition][frequency].filter(({ history }) =>
    history.some((value, index) => index >= period && value !== history[index - period]),
  );
}

/** Series of one column: histories, or histories and what came after. */
export function seriesSet(entries: readonly Entry[], period: number, part: 'history' | 'whole'): SeriesSet {
  return {
    ...{ targets: ['value'], covariates: [], step: null, period, notes: [] },
    series: entries.map(({ id, history, future }) => {
      const values = Float64Array.from(part === 'whole' ? [...history, ...future] : history);
      return { id, length: values.length, values, covariates: new Float64Array(0), times: null };
    }),
  };
}
