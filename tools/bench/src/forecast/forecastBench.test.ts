import { describe, expect, it } from 'vitest';
import { checkGoals, missedGoals } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import { entriesOf, seriesSet } from './competitions.ts';
import { forecastBench } from './forecastBench.ts';

const row = (workload: string, subject: string, metric: string, value: number): Measurement => ({
  ...{ workload, subject, metric: ` ${metric}`, unit: metric === 'time' ? 's' : 'MASE', values: [value] },
});

const missed = (...rows: Measurement[]): string[] => missedGoals(checkGoals(forecastBench.goals, rows));

describe('goals of forecastBench', () => {
  it('are met by a forecaster as good as the published ones', () => {
    expect(
      missed(row('tourism-monthly', 'onda', 'MASE', 1.37), row('m3-quarterly', 'onda', 'MASE', 1.1)),
    ).toEqual([]);
  });

  it('name the recipe, Theta, the published figures and the time that were missed', () => {
    expect(missed(row('tourism-monthly', 'onda', 'MASE', 1.41))).toHaveLength(2);
    expect(
      missed(
        row('m3-quarterly', 'onda', 'MASE', 1.14),
        row('m3-quarterly', 'statsforecast-theta', 'MASE', 1.12),
        row('m3-quarterly', 'onda', 'time', 601),
      ),
    ).toEqual([
      'm3-quarterly MASE of onda: expected at most 1 times statsforecast-theta, got 1.02 times',
      'm3-quarterly time of onda: expected at most 600 s, got 601 s',
    ]);
  });
});

describe(entriesOf, () => {
  const series = (history: number[]): { id: string; history: number[]; future: number[] } => ({
    ...{ id: 'a', history, future: [1, 2] },
  });

  it('leaves out series that repeat their season exactly', () => {
    const all = { m3: { quarterly: [series([1, 2, 3, 4, 1, 2]), series([1, 2, 3, 4, 1, 3])] } };
    const left = entriesOf(all, { competition: 'm3', frequency: 'quarterly', period: 4 });
    expect(left.map(({ history }) => history[5])).toEqual([3]);
    expect(Array.from(seriesSet(left, 4, 'whole').series[0].values)).toEqual([1, 2, 3, 4, 1, 3, 1, 2]);
  });
});
