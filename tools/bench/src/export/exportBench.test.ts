import { describe, expect, it } from 'vitest';
import { checkGoals, missedGoals } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import { exportBench } from './exportBench.ts';

const good = {
  ...{ supported: [1], command: [0.7, 0.8, 0.9], inside: [0.001, 0.002, 0.003], nodes: [5], loops: [0] },
  ...{ difference: [1e-7], inference: [0.04, 0.04, 0.04] },
};
type Metrics = Partial<Record<keyof typeof good, number[]>>;
const keras = { ...good, nodes: [40], loops: [1], inference: [0.5, 0.5, 0.5] };

const rows = (workload: string, subject: string, metrics: Metrics): Measurement[] =>
  Object.entries(metrics).map(([metric, values]) => ({
    ...{ workload, metric: ` ${metric}`, subject, unit: 's', values },
  }));
const missed = (ours: Metrics, workload = 'rnn-32'): string[] =>
  missedGoals(
    checkGoals(exportBench.goals, [
      ...rows(workload, 'onda', ours),
      ...rows(workload, 'python-graph', { supported: [0] }),
      ...rows(workload, 'python-keras', keras),
    ]),
  );

describe('goals of exportBench', () => {
  it('are met by a good export', () => {
    expect(missed(good)).toEqual([]);
  });

  it.each([
    [{ inside: [0.06] }, 'rnn-32 inside of onda: expected at most 0.0500 s, got 0.0600 s'],
    [{ command: [1.2] }, 'rnn-32 command of onda: expected at most 1 s, got 1.20 s'],
    [{ loops: [2] }, 'rnn-32 loops of onda: expected at most 0 s, got 2 s'],
    [{ nodes: [50] }, 'rnn-32 nodes of onda: expected at most 1 times python-keras, got 1.25 times'],
    [{ difference: [NaN] }, 'rnn-32 difference of onda: expected at most 1.0e-5 s, got NaN s'],
    [
      { inference: [1, 1, 1] },
      'rnn-32 inference of onda: expected at most 1.05 times python-keras, got 2.00 times',
    ],
    [{ supported: [0] }, 'rnn-32 supported of onda: expected at least 1 s, got 0 s'],
  ])('report what is missed, %#', (change, sentence) => {
    expect(missed({ ...good, ...change })).toEqual([sentence]);
  });

  it('allow the largest model a second inside a process, and any time as a command', () => {
    expect(missed({ ...good, inside: [0.9], command: [5] }, 'lstm-10-million')).toEqual([]);
    expect(missed({ ...good, inside: [1.1] }, 'lstm-10-million')).toHaveLength(1);
  });

  it('bound the memory', () => {
    const peak = { workload: 'peak memory', metric: '', subject: 'onda', unit: 'weights', values: [2.5] };
    expect(missedGoals(checkGoals(exportBench.goals, [peak]))).toEqual([
      'peak memory of onda: expected at most 2.05 weights, got 2.50 weights',
    ]);
  });
});
