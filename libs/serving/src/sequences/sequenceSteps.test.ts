import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { SequenceSteps, standingParameters } from './sequenceSteps.ts';
import type { StepAnswer } from './sequenceSteps.ts';
import { MemoryState } from './memoryState.ts';
import { StateLayout } from './stateLayout.ts';

/** A net of one unit: its state is the sum of what was fed, and so is its answer. */
function sum(feeds: Readonly<Record<string, RuntimeTensor>>): Record<string, RuntimeTensor> {
  const [state] = feeds.state_in.data as Float32Array;
  const total = (feeds.x.data as Float32Array).reduce((left, right) => left + right, state);
  return { y: floatTensor([1, 1, 1], [total]), state_out: floatTensor([1, 1], [total]) };
}

let now: number;
let runs: number;
let run: typeof sum;
let gate: Promise<void>;
let store: MemoryState;
let steps: SequenceSteps;

beforeEach(() => {
  now = 0;
  runs = 0;
  run = sum;
  gate = Promise.resolve();
  const layout = new StateLayout([{ input: 'state_in', output: 'state_out', type: 'float32', dims: [1] }]);
  store = new MemoryState({ most: 2, idleMs: 1000, ageMs: 5000 }, layout.rowSize, () => now);
  const batcher = {
    run: async (feeds: Readonly<Record<string, RuntimeTensor>>) => {
      runs++;
      await gate;
      return run(feeds);
    },
  };
  steps = new SequenceSteps(batcher, store, { layout, outputs: ['y', 'state_out'], maxWaiting: 2 });
});

function step(id: string, value: number, control: Partial<SequenceControl> = {}): Promise<StepAnswer> {
  return steps.run({
    control: { id, start: false, end: false, step: undefined, ...control },
    inputs: { x: floatTensor([1, 1, 1], [value]) },
    states: undefined,
    fetches: ['y'],
    run: {},
  });
}

async function value(answer: Promise<StepAnswer>): Promise<number> {
  return Number((await answer).tensors.y.data[0]);
}

describe(SequenceSteps, () => {
  it('carries the state from step to step, each sequence its own, and tells how it stands', async () => {
    const first = await step('a', 1, { start: true });
    expect(standingParameters('a', first.stands)).toEqual({
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
    expect(last.tensors.y.data[0]).toBe(6);
    expect(standingParameters('a', last.stands)).toEqual({
      sequence_id: 'a',
      sequence_step: 3,
      sequence_samples: 3,
      sequence_ended: true,
    });
    expect(store).toMatchObject({ size: 1, started: 2, ended: 1, expired: 0 });
  });

  it('keeps the order of the steps of one sequence', async () => {
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const answers = [step('a', 1, { start: true }), step('a', 2), step('a', 4)];
    const refused = expect(step('a', 8)).rejects.toThrow(
      '2 steps wait for the step before them already, and the service takes no more; try again in a moment',
    );
    await Promise.resolve();
    // One sequence is never twice in a run: the others wait although nothing is done yet.
    expect(runs).toBe(1);
    await refused;
    // One that was refused is no reason to run out of turn.
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
    run = () => ({ ...sum({ x: floatTensor([1], [0]), state_in: floatTensor([1], [NaN]) }) });
    await expect(step('a', 2)).rejects.toMatchObject({
      status: 422,
      message:
        'sequence "a": output "y": the model\'s answer has NaN at position 0; the sequence stays as it was, check the size of the values sent',
    });
    run = sum;
    expect(await value(step('a', 2))).toBe(3);
    expect((await step('a', 0)).stands.step).toBe(3);
  });

  it('does a step that is asked for twice once, and answers it twice', async () => {
    await step('a', 1, { start: true, step: 1 });
    expect(await value(step('a', 1, { start: true, step: 1 }))).toBe(1);
    const first = await step('a', 2, { step: 2 });
    const second = await step('a', 2, { step: 2 });
    expect(second.tensors).toEqual(first.tensors);
    expect(runs).toBe(2);
    expect(await value(step('a', 3, { step: 3, end: true }))).toBe(6);
    // The sequence is over, and its last answer can still be had.
    expect(standingParameters('a', (await step('a', 3, { step: 3, end: true })).stands)).toEqual({
      sequence_id: 'a',
      sequence_step: 3,
      sequence_samples: 3,
      sequence_ended: true,
    });
    expect(runs).toBe(3);
  });

  it('begins a sequence that is over anew, unless the very request that was all of it comes again', async () => {
    await step('a', 1, { start: true, step: 1 });
    now = 1000;
    const again = await step('a', 1, { start: true, step: 1 });
    expect(again.stands).toEqual({ step: 1, samples: 1, expiresInMs: 1000 });
    expect(await value(step('a', 2, { step: 2 }))).toBe(3);
    const whole = { start: true, end: true, step: 1 };
    await step('b', 5, whole);
    expect((await step('b', 5, whole)).stands.expiresInMs).toBeUndefined();
    expect(runs).toBe(4);
    // Other values are no retry.
    expect(await value(step('b', 6, whole))).toBe(6);
    expect(await value(step('b', 6, { start: true, step: 1 }))).toBe(6);
    expect(await value(step('b', 1, { step: 2 }))).toBe(7);
  });

  it('takes a start from another state for another step', async () => {
    const startFrom = (state: number): Promise<StepAnswer> =>
      steps.run({
        control: { id: 'a', start: true, end: false, step: 1 },
        inputs: { x: floatTensor([1, 1, 1], [1]) },
        states: { state_in: floatTensor([1, 1], [state]) },
        fetches: ['y'],
        run: {},
      });
    expect(await value(startFrom(40))).toBe(41);
    expect(await value(startFrom(40))).toBe(41);
    const other = { status: 409, message: expect.stringContaining('done with other values') as string };
    await expect(startFrom(50)).rejects.toMatchObject(other);
    await expect(step('a', 1, { start: true, step: 1 })).rejects.toMatchObject(other);
  });

  it.each<[name: string, more: Partial<SequenceControl>, status: number, message: string]>([
    ['unknown', { id: 'x' }, 404, 'sequence "x": there is no such sequence; begin it with sequence_start'],
    [
      'that lives already',
      { start: true },
      409,
      'sequence "a" lives already; end it with sequence_end, or choose another id',
    ],
    ['out of turn', { step: 5 }, 409, 'sequence "a": expected step 2, got 5; send its steps in turn'],
    [
      'with other values under the same number',
      { step: 1 },
      409,
      'sequence "a": step 1 was done with other values; send what follows as step 2',
    ],
    ['that has ended', { id: 'b' }, 410, 'sequence "b" has ended; start it again'],
  ])('refuses a sequence %s', async (_name, more, status, message) => {
    await step('a', 1, { start: true, step: 1 });
    await step('b', 1, { start: true, end: true });
    await expect(step('a', 9, more)).rejects.toMatchObject({ status, message });
    expect(await value(step('a', 1))).toBe(2);
  });

  it('refuses more sequences than it keeps, those whose first step still runs among them', async () => {
    await step('a', 1, { start: true });
    const starting = step('b', 1, { start: true });
    await expect(step('c', 1, { start: true })).rejects.toMatchObject({
      status: 503,
      message: '2 sequences live already, and the service keeps no more; end one, or try again in a moment',
    });
    await starting;
    await step('b', 1, { end: true });
    expect(await value(step('c', 1, { start: true }))).toBe(1);
  });

  it('forgets a sequence that is idle or old, and says so', async () => {
    await step('a', 1, { start: true });
    now = 1000;
    await expect(step('a', 1)).rejects.toMatchObject({
      status: 410,
      message: 'sequence "a" was forgotten after 1 seconds without a step; start it again',
    });
    await step('b', 1, { start: true });
    for (let steps = 0; steps < 5; steps++) {
      now += 900;
      await step('b', 1);
    }
    expect((await step('b', 1)).stands.expiresInMs).toBe(500);
    now += 500;
    await expect(step('b', 1)).rejects.toThrow(
      'sequence "b" was forgotten 5 seconds after its start; start it again',
    );
    expect(store).toMatchObject({ size: 0, expired: 2 });
    expect(await value(step('b', 5, { start: true }))).toBe(5);
  });

  it('makes room by forgetting, and remembers those who went only for a while', async () => {
    await step('a', 1, { start: true });
    await step('b', 1, { start: true });
    now = 1000;
    expect(await value(step('c', 1, { start: true }))).toBe(1);
    await expect(step('a', 1)).rejects.toMatchObject({ status: 410 });
    now = 2000;
    store.sweep();
    await expect(step('a', 1)).rejects.toMatchObject({ status: 404 });
  });

  it('takes a state to start from, which goes on where the sequence was', async () => {
    const imported = { start: true, end: false, step: undefined };
    const answer = await steps.run({
      control: { id: 'a', ...imported },
      inputs: { x: floatTensor([1, 1, 1], [1]) },
      states: { state_in: floatTensor([1, 1], [40]) },
      fetches: ['y', 'state_out'],
      run: {},
    });
    expect(answer.tensors.state_out.data[0]).toBe(41);
    expect(await value(step('a', 1))).toBe(42);
    await expect(
      steps.run({
        control: { id: 'a', ...imported, start: false },
        inputs: { x: floatTensor([1, 1, 1], [1]) },
        states: { state_in: floatTensor([1, 1], [40]) },
        fetches: ['y'],
        run: {},
      }),
    ).rejects.toThrow(
      'sequence "a": expected no state_in, since the service keeps its state, got one; send it with sequence_start alone',
    );
  });

  it('takes one row a step', async () => {
    await expect(
      steps.run({
        control: { id: 'a', start: true, end: false, step: undefined },
        inputs: { x: floatTensor([2, 1, 1], [1, 2]) },
        states: undefined,
        fetches: ['y'],
        run: {},
      }),
    ).rejects.toThrow(
      'input "x": expected batch 1 for a step of a sequence, got 2; name the sequence of each row in an input "sequence_id"',
    );
  });
});
