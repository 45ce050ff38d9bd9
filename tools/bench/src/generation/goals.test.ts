import { describe, expect, it } from 'vitest';
import { checkGoals, machineFactor, timeGoal } from './goals.ts';
import type { SystemName } from './systems.ts';
import { parseWork } from './work.ts';

type TimesBySystem = Partial<Record<SystemName, number>>;

const timesOf = (times: TimesBySystem) => new Map(Object.entries(times) as [SystemName, number][]);

const goalsOf = (work: string, times: TimesBySystem, factor: number | null = null) =>
  checkGoals(parseWork(work), timesOf(times), factor);

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
    expect(timeGoal(goals[0])).toEqual({
      goal: 'a sample of generation-gru-32-1',
      bound: 'at most 2 us (2.00 us)',
      got: '2.50 us',
      met: false,
    });
  });

  it('asks a time that was set on another machine as a time of this one, and says both', () => {
    const [goal] = goalsOf('generation-gru-32-1', { 'onda-generator': 2.5 }, 1.5);
    expect(goal).toMatchObject({ bound: 3, met: true });
    expect(timeGoal(goal).bound).toBe(
      'at most 2 us where pytorch takes 22.8 for the rnn; it takes 1.50 times that here (3.00 us)',
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

describe(machineFactor, () => {
  const measured = (work: string, times: TimesBySystem) => ({ work: parseWork(work), times: timesOf(times) });

  it("compares PyTorch's time for the small rnn with that on the machine of the goals", () => {
    const works = [
      measured('generation-lstm-32-1', { pytorch: 90 }),
      measured('generation-rnn-32-1', { pytorch: 34.2 }),
    ];
    expect(machineFactor(works)).toBeCloseTo(1.5);
  });

  it('has none where that was not measured', () => {
    expect(machineFactor([measured('generation-lstm-32-1', { pytorch: 90 })])).toBeNull();
    expect(machineFactor([measured('generation-rnn-32-1', { 'onda-generator': 1 })])).toBeNull();
  });
});
