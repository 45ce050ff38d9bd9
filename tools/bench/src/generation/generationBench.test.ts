import { describe, expect, it } from 'vitest';
import type { GoalResult } from '../report/goals.ts';
import { checkGoals } from '../report/goals.ts';
import { generationBench } from './generationBench.ts';

/** The goals of one workload with these times. */
const goalsOf = (workload: string, times: Record<string, number>, anchor?: number): GoalResult[] => {
  const measured = Object.entries(times).map(([subject, value]) => ({
    ...{ workload, metric: '', subject, unit: 'us', values: [value] },
  }));
  const reference =
    anchor === undefined
      ? []
      : [
          {
            ...{ workload: 'generation-rnn-32-1', metric: '', subject: 'pytorch', unit: 'us' },
            values: [anchor],
          },
        ];
  return checkGoals(generationBench.goals, [...measured, ...reference]);
};

describe('goals of generationBench', () => {
  it('bound the small network at batch 1 by a time, a share of PyTorch and the best of the others', () => {
    const times = { 'onda-generator': 2.5, pytorch: 30, 'onnxruntime-python': 6 };
    expect(goalsOf('generation-gru-32-1', times).map(({ bound, met }) => [bound, met])).toEqual([
      ['at most 2 us', false],
      ['at most 0.1 times pytorch', true],
      ['at most 1 times onnxruntime-python', true],
    ]);
  });

  it('scale the time with the machine', () => {
    const [goal] = goalsOf('generation-gru-32-1', { 'onda-generator': 2.5 }, 34.2);
    expect(goal).toMatchObject({
      bound: 'at most 3 us (2 times generation-rnn-32-1 of pytorch / 22.8)',
      met: true,
    });
  });

  it('bound larger batches by the best of the others alone', () => {
    const times = { 'onda-generator': 9, pytorch: 8, 'tfjs-node': 90 };
    expect(goalsOf('generation-rnn-32-64', times)).toEqual([
      {
        ...{ work: 'generation-rnn-32-64', system: 'onda-generator', bound: 'at most 1 times pytorch' },
        ...{ got: '1.13 times', met: false },
      },
    ]);
  });

  it('do not apply without ours or without the others', () => {
    expect(goalsOf('generation-rnn-128-64', { pytorch: 8 })).toEqual([]);
    expect(goalsOf('generation-rnn-128-64', { 'onda-generator': 8 })).toEqual([]);
  });
});

describe('generationBench', () => {
  it('has 18 usual workloads', () => {
    const names = generationBench.workloads({ quick: false, scaling: false });
    expect(names).toHaveLength(18);
    expect(names.map((name) => generationBench.parseWorkload(name).name)).toEqual(names);
  });
});
