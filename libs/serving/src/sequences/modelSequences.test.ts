import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { control, sequencesOf, stepOne, sumModel, sums, yOf } from '../../test/support/sumModel.ts';
import { MemoryState } from './memoryState.ts';
import { ModelSequences } from './modelSequences.ts';
import type { StepModel, StepRow } from './sequenceStep.ts';
import { progressParameters } from './stepOutputs.ts';

let now: number;
let runs: number;
let run: typeof sums;
let gate: Promise<void>;
let store: MemoryState;
let model: StepModel;
let sequences: ModelSequences<StepModel>;

beforeEach(() => {
  now = 0;
  runs = 0;
  run = sums;
  gate = Promise.resolve();
  store = new MemoryState({ most: 2, idleMs: 1000, ageMs: 5000 }, () => now);
  model = sumModel(async (feeds) => {
    runs++;
    await gate;
    return run(feeds);
  });
  sequences = sequencesOf(store, [model], 2);
});

function step(id: string, value: number, more: Partial<SequenceControl> = {}): Promise<StepRow<StepModel>> {
  return stepOne(sequences, control(id, more), [value]);
}

async function value(answer: Promise<StepRow<StepModel>>): Promise<number> {
  return yOf(await answer);
}

const counts = (): object => store.counts(model.sequenceKey);

describe(ModelSequences, () => {
  it('carries the state of each sequence from step to step, and reports its progress', async () => {
    const first = await step('a', 1, { start: true });
    expect(progressParameters('a', first)).toEqual({
      sequence_id: 'a',
      sequence_step: 1,
      sequence_samples: 1,
      sequence_expires_in_ms: 1000,
    });
    expect(await value(step('b', 10, { start: true }))).toBe(10);
    now = 500;
    expect(await value(step('a', 2))).toBe(3);
    expect(await value(step('b', 20))).toBe(30);
    const last = await step('a', 3, { end: true });
    expect(yOf(last)).toBe(6);
    expect(progressParameters('a', last)).toEqual({
      sequence_id: 'a',
      sequence_step: 3,
      sequence_samples: 3,
      sequence_ended: true,
    });
    expect(counts()).toEqual({ live: 1, started: 2, ended: 1, expired: 0 });
  });

  it('keeps the order of the steps of one sequence', async () => {
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const answers = [step('a', 1, { start: true }), step('a', 2), step('a', 4)];
    const refused = expect(step('a', 8)).rejects.toThrow(
      '2 steps wait for the step before them already, and the queue is full; try again in a moment',
    );
    await Promise.resolve();
    // One sequence is never twice in a run: the others wait although nothing is done yet.
    expect(runs).toBe(1);
    await refused;
    // A rejected step does not change the order.
    expect(runs).toBe(1);
    open();
    expect(await Promise.all(answers.map(value))).toEqual([1, 3, 7]);
    expect(await value(step('a', 0))).toBe(7);
  });

  it('changes nothing when a step does not succeed', async () => {
    await step('a', 1, { start: true });
    run = () => {
      throw new RangeError('does not run');
    };
    await expect(step('a', 2)).rejects.toThrow('does not run');
    await expect(step('b', 2, { start: true })).rejects.toThrow('does not run');
    await expect(step('b', 2)).rejects.toMatchObject({ status: 404 });
    run = () => sums({ x: floatTensor([1], [0]), state_in: floatTensor([1], [NaN]) });
    await expect(step('a', 2)).rejects.toMatchObject({
      status: 422,
      message:
        'sequence "a": output "y": the model returned NaN at position 0; the sequence is unchanged; check the magnitude of the inputs',
    });
    run = sums;
    expect(await value(step('a', 2))).toBe(3);
    expect((await step('a', 0)).steps).toBe(3);
  });

  it('runs a repeated step once, and responds twice', async () => {
    await step('a', 1, { start: true, step: 1 });
    expect(await value(step('a', 1, { start: true, step: 1 }))).toBe(1);
    const first = await step('a', 2, { step: 2 });
    const second = await step('a', 2, { step: 2 });
    expect(yOf(second)).toEqual(yOf(first));
    expect(second.tensors).toEqual(first.tensors);
    expect(runs).toBe(2);
    expect(await value(step('a', 3, { step: 3, end: true }))).toBe(6);
    // The sequence is over, and its last answer can still be had.
    expect(progressParameters('a', await step('a', 3, { step: 3, end: true }))).toEqual({
      sequence_id: 'a',
      sequence_step: 3,
      sequence_samples: 3,
      sequence_ended: true,
    });
    expect(runs).toBe(3);
  });

  it('restarts a completed sequence, unless the same one-step request is repeated', async () => {
    await step('a', 1, { start: true, step: 1 });
    now = 1000;
    const again = await step('a', 1, { start: true, step: 1 });
    expect(again).toMatchObject({ steps: 1, samples: 1, expiresInMs: 1000 });
    expect(await value(step('a', 2, { step: 2 }))).toBe(3);
    const whole = { start: true, end: true, step: 1 };
    await step('b', 5, whole);
    expect((await step('b', 5, whole)).expiresInMs).toBeUndefined();
    expect(runs).toBe(4);
    // Other values are not a retry.
    expect(await value(step('b', 6, whole))).toBe(6);
    expect(await value(step('b', 6, { start: true, step: 1 }))).toBe(6);
    expect(await value(step('b', 1, { step: 2 }))).toBe(7);
  });

  it('treats a start from another state as another step', async () => {
    const startFrom = (state: number): Promise<StepRow<StepModel>> =>
      stepOne(sequences, control('a', { start: true, step: 1 }), [1], {
        state_in: floatTensor([1, 1], [state]),
      });
    expect(await value(startFrom(40))).toBe(41);
    expect(await value(startFrom(40))).toBe(41);
    const other = { status: 409, message: expect.stringContaining('run with other values') as string };
    await expect(startFrom(50)).rejects.toMatchObject(other);
    await expect(step('a', 1, { start: true, step: 1 })).rejects.toMatchObject(other);
  });

  it.each<[name: string, more: Partial<SequenceControl>, status: number, message: string]>([
    ['unknown', { id: 'x' }, 404, 'sequence "x": the sequence does not exist; start it with sequence_start'],
    [
      'that is live already',
      { start: true },
      409,
      'sequence "a" is live already; end it with sequence_end, or choose another id',
    ],
    ['out of order', { step: 5 }, 409, 'sequence "a": expected step 2, got 5; send its steps in order'],
    [
      'with other values under the same number',
      { step: 1 },
      409,
      'sequence "a": step 1 was already run with other values; send the next values as step 2',
    ],
    ['that has ended', { id: 'b' }, 410, 'sequence "b" has ended; start it again'],
  ])('refuses a sequence %s', async (_name, more, status, message) => {
    await step('a', 1, { start: true, step: 1 });
    await step('b', 1, { start: true, end: true });
    await expect(step('a', 9, more)).rejects.toMatchObject({ status, message });
    expect(await value(step('a', 1))).toBe(2);
  });

  it('rejects sequences above the limit, counting those whose first step is running', async () => {
    await step('a', 1, { start: true });
    const starting = step('b', 1, { start: true });
    await expect(step('c', 1, { start: true })).rejects.toMatchObject({
      status: 503,
      message:
        '2 sequences are live already, which is the limit of the model; end one, or try again in a moment',
    });
    await starting;
    await step('b', 1, { end: true });
    expect(await value(step('c', 1, { start: true }))).toBe(1);
  });

  it('expires idle and old sequences, with the reason', async () => {
    await step('a', 1, { start: true });
    now = 1000;
    await expect(step('a', 1)).rejects.toMatchObject({
      status: 410,
      message: 'sequence "a" expired after 1 seconds without a step; start it again',
    });
    await step('b', 1, { start: true });
    for (let steps = 0; steps < 5; steps++) {
      now += 900;
      await step('b', 1);
    }
    expect((await step('b', 1)).expiresInMs).toBe(500);
    now += 500;
    await expect(step('b', 1)).rejects.toThrow(
      'sequence "b" expired 5 seconds after its start; start it again',
    );
    expect(counts()).toMatchObject({ live: 0, expired: 2 });
    expect(await value(step('b', 5, { start: true }))).toBe(5);
  });

  it('frees slots of expired sequences, and keeps their reason for a limited time', async () => {
    await step('a', 1, { start: true });
    await step('b', 1, { start: true });
    now = 1000;
    expect(await value(step('c', 1, { start: true }))).toBe(1);
    await expect(step('a', 1)).rejects.toMatchObject({ status: 410 });
    now = 2000;
    store.sweep();
    await expect(step('a', 1)).rejects.toMatchObject({ status: 404 });
  });

  it('starts from a given state, and continues the sequence', async () => {
    const states = { state_in: floatTensor([1, 1], [40]) };
    const answer = await stepOne(sequences, control('a', { start: true }), [1], states);
    expect(answer.tensors?.state_out.data[0]).toBe(41);
    expect(await value(step('a', 1))).toBe(42);
    await expect(stepOne(sequences, control('a'), [1], states)).rejects.toThrow(
      'sequence "a": expected no state_in, since the service keeps the state, got one; send it only with sequence_start',
    );
  });
});

describe('sequences of several versions', () => {
  let first: StepModel;
  let versions: StepModel[];
  beforeEach(() => {
    first = sumModel((feeds) => Promise.resolve(sums(feeds)), '1');
    versions = [first];
    sequences = sequencesOf(store, versions);
  });

  it('stay on the version on which they started, and start on the newest', async () => {
    await step('a', 1, { start: true });
    versions.unshift(sumModel((feeds) => Promise.resolve(sums(feeds)), '2'));
    expect((await step('a', 1)).model?.version).toBe('1');
    expect((await step('b', 1, { start: true })).model?.version).toBe('2');
    await expect(step('a', 1, { start: true })).rejects.toMatchObject({ status: 409 });
    await step('a', 1, { end: true });
    expect((await step('a', 1, { start: true })).model?.version).toBe('2');
    expect(store.counts(first.sequenceKey)).toMatchObject({ live: 0, started: 1, ended: 1 });
    expect(store.counts(versions[0].sequenceKey)).toMatchObject({ live: 2, started: 2 });
  });

  it('reject a step whose version is not served, naming it, and can be started again', async () => {
    await step('a', 1, { start: true });
    versions[0] = sumModel((feeds) => Promise.resolve(sums(feeds)), '2');
    await expect(step('a', 1)).rejects.toMatchObject({
      status: 409,
      message: `sequence "a": expected a version and state layout that this service serves, got ${first.sequenceKey}; send the step to a service that has it, or start the sequence again with sequence_start`,
    });
    expect(await value(step('a', 5, { start: true }))).toBe(5);
    expect(store.size).toBe(1);
  });

  it('begin once, whether by an import or a start', async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const id = `s${attempt}`;
      const row = Int32Array.of(0);
      const both = await Promise.allSettled([
        sequences.begin(undefined, id, first, { row, steps: 1, samples: 1 }),
        step(id, 1, { start: true }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(both.find((one) => one.status === 'rejected')?.reason).toMatchObject({ status: 409 });
      await step(id, 1, { end: true });
    }
  });
});
