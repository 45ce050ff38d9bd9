import { ResultError } from '@onda/contract';
import type { SequenceControl } from '@onda/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { control, sequencesOf, stepOne, stepRows, sumModel, sums, yOf } from '../../test/support/sumModel.ts';
import { MemoryState } from './memoryState.ts';
import type { ModelSequences } from './modelSequences.ts';
import type { StepModel } from './sequenceStep.ts';
import { rowsOutputs } from './stepOutputs.ts';

let runs: number[];
let gate: Promise<void>;
let store: MemoryState;
let versions: StepModel[];
let sequences: ModelSequences<StepModel>;

const modelOf = (version: string): StepModel =>
  sumModel(async (feeds) => {
    runs.push(feeds.x.dims[0]);
    await gate;
    return sums(feeds);
  }, version);

beforeEach(() => {
  runs = [];
  gate = Promise.resolve();
  store = new MemoryState({ most: 3, idleMs: 1000, ageMs: 5000 }, () => 0);
  versions = [modelOf('1')];
  sequences = sequencesOf(store, versions);
});

async function send(values: readonly number[], controls: readonly SequenceControl[]): Promise<object> {
  const rows = await stepRows(sequences, controls, values);
  const { outputs, parameters } = rowsOutputs(rows, [{ name: 'y', binary: false }]);
  const tensors = outputs.map(({ name, tensor }) => [
    name,
    Array.from(tensor.data as Iterable<unknown>, Number),
  ]);
  return { ...parameters, ...(Object.fromEntries(tensors) as object) };
}

describe('a step of many sequences', () => {
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
    expect(store.counts(versions[0].sequenceKey)).toMatchObject({ live: 2, started: 3, ended: 1 });
  });

  it('fails rows independently', async () => {
    await send([1], [control('a', { start: true })]);
    expect(
      await send([7, 2, 9], [control('unknown'), control('a'), control('b', { start: true, step: 1 })]),
    ).toMatchObject({
      y: [0, 3, 9],
      sequence_status: [404, 200, 200],
      sequence_step: [0, 2, 1],
      sequence_expires_in_ms: [-1, 1000, 1000],
      sequence_failed: 1,
      sequence_error: 'row 0: sequence "unknown": the sequence does not exist; start it with sequence_start',
    });
    await expect(send([1, 1], [control('x'), control('y')])).rejects.toThrow(
      'sequence "x": the sequence does not exist',
    );
  });

  it('counts sequences that start in the same request towards the limit', async () => {
    const begun = ['a', 'b', 'c', 'd'].map((id) => control(id, { start: true }));
    expect(await send([1, 2, 3, 4], begun)).toMatchObject({
      y: [1, 2, 3, 0],
      sequence_status: [200, 200, 200, 503],
    });
  });

  it('runs a repeated row once, and responds twice', async () => {
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
    const second = stepOne(sequences, control('a'), [2]);
    const third = send([4, 4], [control('b'), control('a')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toEqual([2, 2]);
    open();
    expect(await first).toMatchObject({ y: [1, 1] });
    expect(yOf(await second)).toBe(3);
    expect(await third).toMatchObject({ y: [5, 7] });
  });

  it('runs each version once, and gives the rows in their order', async () => {
    const start = { start: true };
    await send([1, 2], [control('a', start), control('b', start)]);
    versions.unshift(modelOf('2'));
    expect(await send([10, 20, 30], [control('a'), control('c', start), control('b')])).toMatchObject({
      y: [11, 20, 32],
      sequence_status: [200, 200, 200],
    });
    expect(runs.sort()).toEqual([1, 2, 2]);
  });

  it('fails the rows of one version alone when its run fails', async () => {
    await send([1], [control('a', { start: true })]);
    const failing = sumModel(() => Promise.reject(new ResultError('does not run')), '2');
    versions.unshift(failing);
    expect(await send([10, 20], [control('a'), control('c', { start: true })])).toMatchObject({
      y: [11, 0],
      sequence_status: [200, 500],
      sequence_error: 'row 1: does not run',
    });
    expect(failing.stats.pinned).toBe(0);
  });
});
