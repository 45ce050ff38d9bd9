import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryState } from './memoryState.ts';
import { RowSteps } from './rowSteps.ts';
import { rowsOutputs } from './rowsOutputs.ts';
import { SequenceSteps } from './sequenceSteps.ts';
import { StateLayout } from './stateLayout.ts';

type Feeds = Readonly<Record<string, RuntimeTensor>>;

/** Rows of a net of one unit: its state is the sum of what was fed, and so is its answer. */
function sums({ x, state_in }: Feeds): Record<string, RuntimeTensor> {
  const rows = x.dims[0];
  const totals = Array.from({ length: rows }, (_, row) => Number(state_in.data[row]) + Number(x.data[row]));
  return { y: floatTensor([rows, 1, 1], totals), state_out: floatTensor([rows, 1], totals) };
}

let runs: number[];
let gate: Promise<void>;
let state: MemoryState;
let steps: SequenceSteps;
let rows: RowSteps;

beforeEach(() => {
  runs = [];
  gate = Promise.resolve();
  const layout = new StateLayout([{ input: 'state_in', output: 'state_out', type: 'float32', dims: [1] }]);
  state = new MemoryState({ most: 3, idleMs: 1000, ageMs: 5000 }, layout.rowSize, () => 0);
  const batcher = {
    run: async (feeds: Feeds) => {
      runs.push(feeds.x.dims[0]);
      await gate;
      return sums(feeds);
    },
  };
  steps = new SequenceSteps(batcher, state, { layout, outputs: ['y', 'state_out'], maxWaiting: 10 });
  rows = new RowSteps(steps, batcher, state);
});

const control = (id: string, more: Partial<SequenceControl> = {}): SequenceControl => ({
  id,
  start: false,
  end: false,
  step: undefined,
  ...more,
});

async function send(values: readonly number[], controls: readonly SequenceControl[]): Promise<object> {
  const inputs = { x: floatTensor([values.length, 1, 1], values) };
  const answer = await rows.run({ controls, inputs, fetches: ['y'], run: {} });
  const { outputs, parameters } = rowsOutputs(answer, [{ name: 'y', binary: false }]);
  const tensors = outputs.map(({ name, tensor }) => [
    name,
    Array.from(tensor.data as Iterable<unknown>, Number),
  ]);
  return { ...parameters, ...(Object.fromEntries(tensors) as object) };
}

describe(RowSteps, () => {
  it('steps many sequences in one run, each from its own state', async () => {
    const start = { start: true };
    expect(await send([1, 2], [control('a', start), control('b', start)])).toEqual({
      y: [1, 2],
      sequence_status: [200, 200],
      sequence_step: [1, 1],
      sequence_samples: [1, 1],
      sequence_expires_in_ms: [1000, 1000],
    });
    // In another order, with one more, and one that ends.
    expect(await send([10, 5, 20], [control('b', { end: true }), control('c', start), control('a')])).toEqual(
      {
        y: [12, 5, 21],
        sequence_status: [200, 200, 200],
        sequence_step: [2, 1, 2],
        sequence_samples: [2, 1, 2],
        sequence_expires_in_ms: [-1, 1000, 1000],
      },
    );
    expect(runs).toEqual([2, 3]);
    expect(state).toMatchObject({ size: 2, started: 3, ended: 1 });
  });

  it('lets a row fail by itself', async () => {
    await send([1], [control('a', { start: true })]);
    expect(
      await send([7, 2, 9], [control('nobody'), control('a'), control('b', { start: true, step: 1 })]),
    ).toMatchObject({
      y: [0, 3, 9],
      sequence_status: [404, 200, 200],
      sequence_step: [0, 2, 1],
      sequence_expires_in_ms: [-1, 1000, 1000],
      sequence_failed: 1,
      sequence_error: 'row 0: sequence "nobody": there is no such sequence; begin it with sequence_start',
    });
    await expect(send([1, 1], [control('x'), control('y')])).rejects.toThrow(
      'sequence "x": there is no such',
    );
  });

  it('counts those that begin in the same request against the bound', async () => {
    const begun = ['a', 'b', 'c', 'd'].map((id) => control(id, { start: true }));
    expect(await send([1, 2, 3, 4], begun)).toMatchObject({
      y: [1, 2, 3, 0],
      sequence_status: [200, 200, 200, 503],
    });
  });

  it('does a row that is asked for twice once, and answers it twice', async () => {
    const numbered = (step: number): SequenceControl[] => [
      control('a', { start: step === 1, step }),
      control('b', { start: step === 1, step }),
    ];
    await send([1, 2], numbered(1));
    const again = control('b', { step: 2 });
    await send([5], [again]);
    expect(await send([10, 5], [control('a', { step: 2 }), again])).toMatchObject({ y: [11, 7] });
    expect(await send([10, 5], [control('a', { step: 2 }), again])).toMatchObject({ y: [11, 7] });
    expect(runs).toEqual([2, 1, 1]);
    expect(await send([0, 0], [control('a'), control('b')])).toMatchObject({
      y: [11, 7],
      sequence_step: [3, 3],
    });
  });

  it('keeps the order of steps that come by themselves and with others', async () => {
    await send([0, 0], [control('a', { start: true }), control('b', { start: true })]);
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const first = send([1, 1], [control('a'), control('b')]);
    const second = steps.run({
      control: control('a'),
      inputs: { x: floatTensor([1, 1, 1], [2]) },
      states: undefined,
      fetches: ['y'],
      run: {},
    });
    const third = send([4, 4], [control('b'), control('a')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toEqual([2, 2]);
    open();
    expect(await first).toMatchObject({ y: [1, 1] });
    expect((await second).tensors.y.data[0]).toBe(3);
    expect(await third).toMatchObject({ y: [5, 7] });
  });
});
