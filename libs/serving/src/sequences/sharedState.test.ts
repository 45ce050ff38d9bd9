import type { SequenceControl } from '@onda/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { control, sequencesOf, stepOne, stepRows, sumModel, sums, yOf } from '../../test/support/sumModel.ts';
import { MemoryState } from './memoryState.ts';
import type { ModelSequences } from './modelSequences.ts';
import type { StepModel } from './sequenceStep.ts';
import type { SequenceStore } from './sequenceStore.ts';

// Two processes over one store, as two replicas over Redis: each sees the other's changes only when it looks again.

let store: MemoryState;
let runs: number;
let model: StepModel;

/** The store as another process has it: answers come later, rows are copies, nothing is pinned. */
function remote(state: MemoryState): SequenceStore {
  return {
    limits: state.limits,
    failures: 0,
    counts: (version) => state.counts(version),
    find: async (key) => {
      await Promise.resolve();
      const found = state.find(key);
      return found?.kind === 'live' ? { ...found, row: found.row.slice() } : found;
    },
    pin: () => undefined,
    unpin: () => undefined,
    compareAndSwap: async (key, change) => {
      const row = change.row.slice();
      await Promise.resolve();
      return state.compareAndSwap(key, { ...change, row });
    },
    sweep: () => undefined,
    forget: () => undefined,
    count: (version) => state.count(version),
  };
}

type Process = ModelSequences<StepModel>;

let left: Process;
let right: Process;

beforeEach(() => {
  runs = 0;
  store = new MemoryState({ most: 10, idleMs: 1000, ageMs: 5000 }, () => 0);
  model = sumModel((feeds) => {
    runs++;
    return Promise.resolve(sums(feeds));
  });
  [left, right] = [sequencesOf(remote(store), [model]), sequencesOf(remote(store), [model])];
});

async function step(process: Process, value: number, more: Partial<SequenceControl> = {}): Promise<number> {
  return yOf(await stepOne(process, control('a', more), [value]));
}

describe('two processes over one store', () => {
  it('run a numbered step once when both receive it at the same time', async () => {
    const begin = { start: true, step: 1 };
    expect(await Promise.all([step(left, 1, begin), step(right, 1, begin)])).toEqual([1, 1]);
    expect(await Promise.all([step(left, 2, { step: 2 }), step(right, 2, { step: 2 })])).toEqual([3, 3]);
    const last = { step: 3, end: true };
    expect(await Promise.all([step(left, 3, last), step(right, 3, last)])).toEqual([6, 6]);
    expect(store.counts(model.sequenceKey)).toMatchObject({ started: 1, ended: 1 });
    // Each of both ran the model for each step: what is done once is the change.
    expect(runs).toBe(6);
  });

  it('reject the conflicting step with other values', async () => {
    await step(left, 1, { start: true, step: 1 });
    const both = await Promise.allSettled([step(left, 2, { step: 2 }), step(right, 9, { step: 2 })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await step(left, 0)).toBe(both[0].status === 'fulfilled' ? 3 : 10);
  });

  it('do steps without numbers one after the other, and begin a sequence once', async () => {
    const begun = await Promise.allSettled([step(left, 1, { start: true }), step(right, 1, { start: true })]);
    expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(begun.find((one) => one.status === 'rejected')?.reason).toMatchObject({ status: 409 });
    const values = await Promise.all([left, right, left, right].map((process) => step(process, 1)));
    expect(values.sort()).toEqual([2, 3, 4, 5]);
  });

  it('repeat the rows that the other process has changed meanwhile', async () => {
    const all = ['a', 'b'].map((id) => control(id, { start: true }));
    const rows = async (process: Process, controls: SequenceControl[]): Promise<number[]> => {
      const ended = await stepRows(process, controls, Array<number>(controls.length).fill(1));
      return ended.map((row) => {
        if (row.error) throw row.error;
        return yOf(row);
      });
    };
    await rows(left, all);
    const both = await Promise.all([
      rows(left, [control('a'), control('b')]),
      rows(right, [control('b'), control('a')]),
    ]);
    expect(both.flat().sort()).toEqual([2, 2, 3, 3]);
    expect(await step(left, 0)).toBe(3);
  });
});
