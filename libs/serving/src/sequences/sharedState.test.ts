import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryState } from './memoryState.ts';
import { RowSteps } from './rowSteps.ts';
import { SequenceSteps } from './sequenceSteps.ts';
import type { SequenceState } from './sequenceState.ts';
import { StateLayout } from './stateLayout.ts';

// Two processes over one store, as two replicas over Redis: what one does the other sees at its next look only.

type Feeds = Readonly<Record<string, RuntimeTensor>>;

/** A net of one unit: its state is the sum of what was fed, and so is its answer. */
function sums({ x, state_in }: Feeds): Record<string, RuntimeTensor> {
  const rows = x.dims[0];
  const totals = Array.from({ length: rows }, (_, row) => Number(state_in.data[row]) + Number(x.data[row]));
  return { y: floatTensor([rows, 1, 1], totals), state_out: floatTensor([rows, 1], totals) };
}

const layout = new StateLayout([{ input: 'state_in', output: 'state_out', type: 'float32', dims: [1] }]);

let store: MemoryState;
let runs: number;

/** The store as it looks from another process: answers come later, rows are copies, nothing is held. */
function remote(state: MemoryState): SequenceState {
  return {
    limits: state.limits,
    size: 0,
    started: 0,
    ended: 0,
    expired: 0,
    failures: 0,
    find: async (id) => {
      await Promise.resolve();
      const found = state.find(id);
      return found?.kind === 'live' ? { ...found, row: found.row.slice() } : found;
    },
    hold: () => undefined,
    letGo: () => undefined,
    keep: async (id, change) => {
      const row = change.row.slice();
      await Promise.resolve();
      return state.keep(id, { ...change, row });
    },
    sweep: () => undefined,
    count: () => store.size,
  };
}

interface Process {
  steps: SequenceSteps;
  rows: RowSteps;
}

function startProcess(): Process {
  const state = remote(store);
  const batcher = {
    run: (feeds: Feeds) => {
      runs++;
      return Promise.resolve(sums(feeds));
    },
  };
  const steps = new SequenceSteps(batcher, state, { layout, outputs: ['y', 'state_out'], maxWaiting: 5 });
  return { steps, rows: new RowSteps(steps, batcher, state) };
}

let left: Process;
let right: Process;

beforeEach(() => {
  runs = 0;
  store = new MemoryState({ most: 10, idleMs: 1000, ageMs: 5000 }, layout.rowSize, () => 0);
  [left, right] = [startProcess(), startProcess()];
});

const control = (id: string, more: Partial<SequenceControl> = {}): SequenceControl => ({
  id,
  start: false,
  end: false,
  step: undefined,
  ...more,
});

async function step({ steps }: Process, value: number, more: Partial<SequenceControl> = {}): Promise<number> {
  const { tensors } = await steps.run({
    control: control('a', more),
    inputs: { x: floatTensor([1, 1, 1], [value]) },
    states: undefined,
    fetches: ['y'],
    run: {},
  });
  return Number(tensors.y.data[0]);
}

describe('two processes over one store', () => {
  it('do a step with a number once, when both are asked for it at once', async () => {
    const begin = { start: true, step: 1 };
    expect(await Promise.all([step(left, 1, begin), step(right, 1, begin)])).toEqual([1, 1]);
    expect(await Promise.all([step(left, 2, { step: 2 }), step(right, 2, { step: 2 })])).toEqual([3, 3]);
    const last = { step: 3, end: true };
    expect(await Promise.all([step(left, 3, last), step(right, 3, last)])).toEqual([6, 6]);
    expect(store).toMatchObject({ started: 1, ended: 1 });
    // Each of both ran the model for each step: what is done once is the change.
    expect(runs).toBe(6);
  });

  it('refuse the loser whose values were others', async () => {
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

  it('do the rows again that the other has stepped meanwhile', async () => {
    const all = ['a', 'b'].map((id) => control(id, { start: true }));
    const rows = async ({ rows }: Process, controls: SequenceControl[]): Promise<number[]> => {
      const inputs = { x: floatTensor([controls.length, 1, 1], new Float32Array(controls.length).fill(1)) };
      const { ends, tensors } = await rows.run({ controls, inputs, fetches: ['y'], run: {} });
      return ends.map((end) => {
        if (end.kind === 'failed') throw end.error;
        return Number(typeof end.from === 'number' ? tensors.y.data[end.from] : end.from.y.data[0]);
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
