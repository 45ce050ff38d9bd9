import { describe, expect, it } from 'vitest';
import { checkGoals, missedGoal } from './goals.ts';
import type { SystemName } from './systems.ts';
import { parseWork } from './work.ts';

const goalsOf = (work: string, times: Partial<Record<SystemName, number>>) =>
  checkGoals(parseWork(work), new Map(Object.entries(times) as [SystemName, number][]));

describe(checkGoals, () => {
  it('holds the small net at batch 1 to a time, a share of PyTorch and the best of the others', () => {
    const goals = goalsOf('generation-gru-32-1', {
      'onda-generator': 2.5,
      pytorch: 30,
      'onnxruntime-python': 6,
    });
    expect(goals.map(({ bound, met }) => [bound, met])).toEqual([
      [2, false],
      [3, true],
      [6, true],
    ]);
    expect(missedGoal(goals[0])).toBe(
      'generation-gru-32-1: expected onda-generator to take at most 2 us (2.00 us a sample), got 2.50',
    );
  });

  it('holds larger batches to the best of the others alone', () => {
    const goals = goalsOf('generation-rnn-32-64', { 'onda-generator': 9, pytorch: 8, 'tfjs-node': 90 });
    expect(goals).toEqual([
      { work: 'generation-rnn-32-64', goal: 'not slower than any other', bound: 8, time: 9, met: false },
    ]);
  });

  it('has none where ours or all others are left out', () => {
    expect(goalsOf('generation-rnn-128-64', { pytorch: 8 })).toEqual([]);
    expect(goalsOf('generation-rnn-128-64', { 'onda-generator': 8 })).toEqual([]);
  });
});
