import { ShapeError, tensorNames } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { Parameters, SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { FloatTensor, RuntimeTensor } from '@onda/runtime';
import type { Batcher } from '../batching/batcher.ts';
import { named } from './sequenceStore.ts';
import type { LastStep, Sequence, SequenceStore } from './sequenceStore.ts';

type Tensors = Readonly<Record<string, RuntimeTensor>>;

/** One step as its request has it. */
export interface Step {
  control: SequenceControl;
  /** [1, time, features] */
  x: FloatTensor;
  /** [1, state]: the state that a sequence starts with; zeros when left out. */
  stateIn: FloatTensor | undefined;
  fetches: readonly string[];
  isGone: () => boolean;
}

/** The outputs, and what the answer tells of the sequence. */
export interface StepAnswer {
  tensors: Tensors;
  parameters: Parameters;
}

export interface StepOptions {
  /** Of the state row. */
  stateSize: number;
  /** Of all outputs, which a step with a number keeps for a retry. */
  outputs: readonly string[];
  /** Steps that may wait for an earlier step of their sequence. */
  maxWaiting: number;
}

/**
 * Steps of sequences whose state the service keeps.
 *
 * Steps of one sequence run in the order they came; steps of different sequences are joined by the batcher, so that one
 * sequence is never twice in a run. Nothing changes unless the step succeeded.
 */
export class SequenceSteps {
  readonly #batcher: Pick<Batcher, 'run'>;
  readonly #store: SequenceStore;
  readonly #options: StepOptions;
  /** The end of the last step that was asked for, by sequence. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #waiting = 0;

  constructor(batcher: Pick<Batcher, 'run'>, store: SequenceStore, options: StepOptions) {
    this.#batcher = batcher;
    this.#store = store;
    this.#options = options;
  }

  /** @throws ProtocolError 400, 404, 409, 410, 422 or 503; what the batcher throws */
  async run(step: Step): Promise<StepAnswer> {
    const { id } = step.control;
    const before = this.#turns.get(id);
    const mine = before === undefined ? this.#perform(step) : this.#performAfter(before, step);
    const settled = mine.catch(() => undefined);
    this.#turns.set(id, settled);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(id) === settled) this.#turns.delete(id);
    }
  }

  async #performAfter(before: Promise<unknown>, step: Step): Promise<StepAnswer> {
    const { maxWaiting } = this.#options;
    if (this.#waiting >= maxWaiting) {
      throw new ProtocolError(
        'unavailable',
        `${maxWaiting} steps wait for the step before them already, and the service takes no more; try again in a moment`,
      );
    }
    this.#waiting++;
    await before;
    this.#waiting--;
    return this.#perform(step);
  }

  async #perform(step: Step): Promise<StepAnswer> {
    const { control, x, stateIn } = step;
    const { id } = control;
    if (x.dims[0] !== 1) {
      throw new ShapeError(
        `input "x": expected batch 1 for a step of a sequence, got ${x.dims[0]}; send a request for each sequence`,
      );
    }
    const again = this.#retried(step);
    if (again) return this.#answer(id, again.tensors, again);
    const before = this.#current(step);
    const state = stateIn ?? floatTensor([1, this.#options.stateSize], before.state);
    this.#store.busy(id, control.start);
    try {
      const tensors = await this.#run(step, state);
      const after = this.#commit(step, before, tensors);
      return this.#answer(id, tensors, { step: after.steps, samples: after.samples });
    } finally {
      this.#store.done(id, control.start);
    }
  }

  /** The sequence before the step. */
  #current({ control, stateIn }: Step): Pick<Sequence, 'state' | 'steps' | 'samples'> {
    const { id, start, step } = control;
    if (start) {
      this.#store.checkNew(id);
      return { state: new Float32Array(this.#options.stateSize), steps: 0, samples: 0 };
    }
    const sequence = this.#store.get(id);
    if (stateIn) {
      throw new ProtocolError(
        'malformed',
        `${named(id)}: expected no state_in, since the service keeps its state, got one; send it with sequence_start alone`,
      );
    }
    if (step !== undefined && step !== sequence.steps + 1) {
      throw new ProtocolError(
        'conflict',
        `${named(id)}: expected step ${sequence.steps + 1}, got ${step}; send its steps in turn`,
      );
    }
    return sequence;
  }

  /** The step's answer if it was done before: the same number twice is one step. */
  #retried({ control: { id, step }, x }: Step): LastStep | undefined {
    if (step === undefined) return undefined;
    const last = this.#store.lastStep(id);
    if (last?.step !== step) return undefined;
    if (last.x.length === x.data.length && last.x.every((value, index) => value === x.data[index]))
      return last;
    throw new ProtocolError(
      'conflict',
      `${named(id)}: step ${step} was done with other values; send what follows as step ${step + 1}`,
    );
  }

  async #run({ control, x, fetches, isGone }: Step, state: FloatTensor): Promise<Tensors> {
    const { outputs } = this.#options;
    const wanted = control.step === undefined ? [...new Set([...fetches, tensorNames.stateOut])] : outputs;
    // In the model's order, so that steps that want the same are joined.
    const names = outputs.filter((name) => wanted.includes(name));
    const tensors = await this.#batcher.run({ x, [tensorNames.stateIn]: state }, names, {
      isGone,
      exact: true,
    });
    for (const name of names) checkFinite(control.id, name, tensors[name]);
    return tensors;
  }

  #commit(
    { control, x }: Step,
    { steps, samples }: Pick<Sequence, 'steps' | 'samples'>,
    tensors: Tensors,
  ): Sequence {
    const { id, step, end } = control;
    const after = { step: steps + 1, samples: samples + x.dims[1] };
    const sequence = this.#store.put(id, {
      // Copied: it is a view of a whole run.
      state: Float32Array.from(tensors[tensorNames.stateOut].data as Float32Array),
      steps: after.step,
      samples: after.samples,
      last: step === undefined ? undefined : { ...after, x: x.data, tensors: copied(tensors) },
    });
    if (end) this.#store.end(id);
    return sequence;
  }

  #answer(id: string, tensors: Tensors, { step, samples }: Pick<LastStep, 'step' | 'samples'>): StepAnswer {
    const expiry = this.#store.expiresInMs(id);
    return {
      tensors,
      parameters: {
        sequence_id: id,
        sequence_step: step,
        sequence_samples: samples,
        ...(expiry === undefined ? { sequence_ended: true } : { sequence_expires_in_ms: expiry }),
      },
    };
  }
}

/** What is not finite would stay in the state for good. */
function checkFinite(id: string, name: string, { data }: RuntimeTensor): void {
  if (!(data instanceof Float32Array)) return;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new ProtocolError(
    'not-finite',
    `${named(id)}: output "${name}": the model's answer has ${data[bad]} at position ${bad}; the sequence stays as it was, check the size of the values sent`,
  );
}

function copied(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, dims, data }]) => [
      name,
      { type, dims, data: data.slice() } as RuntimeTensor,
    ]),
  );
}
