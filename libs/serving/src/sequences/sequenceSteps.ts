import { ShapeError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { Parameters, SequenceControl } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { exactly } from '../batching/batcher.ts';
import type { Batcher, RunOptions } from '../batching/batcher.ts';
import { takeRows } from '../batching/joinTensors.ts';
import { controlFeeds } from '../models/controlFeeds.ts';
import type { RowMarks } from '../models/controlFeeds.ts';
import type { ControlTensor } from '../models/modelSignature.ts';
import { livesAlready, named, tooManySequences } from './sequenceErrors.ts';
import type { LastStep, LiveSequence, SequenceState, Tensors } from './sequenceState.ts';
import type { StateLayout } from './stateLayout.ts';
import { doneBefore, notFinite, sequenceBefore } from './stepRules.ts';
import { Turns } from './turns.ts';

/** One step as its request has it. */
export interface Step {
  control: SequenceControl;
  /** The model's inputs but its states, one row each. */
  inputs: Tensors;
  /** One row each: the states that a sequence starts with; zeros when left out. */
  states: Tensors | undefined;
  fetches: readonly string[];
  run: RunOptions;
}

/** Where a sequence stands after a step. */
export interface Standing {
  step: number;
  /** Fed so far. */
  samples: number;
  /** Milliseconds until it is forgotten if no step comes; undefined: it has ended. */
  expiresInMs: number | undefined;
}

/** The outputs, and where the sequence stands. */
export interface StepAnswer {
  tensors: Tensors;
  stands: Standing;
}

export interface StepOptions {
  layout: StateLayout;
  /** Inputs that tell the model where a sequence stands; none when left out. */
  controls?: readonly ControlTensor[];
  /** Of all outputs, which a step with a number keeps for a retry. */
  outputs: readonly string[];
  /** Steps that may wait for an earlier step of their sequence. */
  maxWaiting: number;
}

/** How often a step without a number is done again because another process stepped its sequence meanwhile. */
const MOST_ATTEMPTS = 10;

/**
 * Steps of sequences whose state the service keeps.
 *
 * Steps of one sequence run in the order they came; steps of different sequences are joined by the batcher, so that one
 * sequence is never twice in a run. Nothing changes unless the step succeeded.
 */
export class SequenceSteps {
  readonly layout: StateLayout;
  readonly turns: Turns;
  readonly #batcher: Pick<Batcher, 'run'>;
  readonly #state: SequenceState;
  readonly #options: StepOptions;

  constructor(batcher: Pick<Batcher, 'run'>, state: SequenceState, options: StepOptions) {
    this.#batcher = batcher;
    this.#state = state;
    this.#options = options;
    this.layout = options.layout;
    this.turns = new Turns(options.maxWaiting);
  }

  /** @throws ProtocolError 400, 404, 409, 410, 422 or 503; what the batcher throws */
  run(step: Step): Promise<StepAnswer> {
    return this.turns.take([step.control.id], () => this.perform(step));
  }

  /** Does a step whose turn it is. */
  async perform(step: Step): Promise<StepAnswer> {
    const { control } = step;
    const { id } = control;
    checkOneRow(step.inputs);
    const fed = fedBy(step);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const finding = this.#state.find(id);
      const found = finding instanceof Promise ? await finding : finding;
      const again = doneBefore(control, fed, found);
      if (again) {
        const expiresInMs = found?.kind === 'live' ? found.expiresInMs : undefined;
        return { tensors: again.tensors, stands: standingAt(again, expiresInMs) };
      }
      const before = sequenceBefore(control, found, step.states !== undefined);
      const answer = await this.#attempt(step, before);
      if (answer) return answer;
    }
    throw new ProtocolError(
      'conflict',
      `${named(control.ownId ?? id)}: others stepped it ${MOST_ATTEMPTS} times meanwhile; send its steps one after the other`,
    );
  }

  /** @returns undefined if another process changed the sequence while the model ran */
  async #attempt(step: Step, before: LiveSequence | undefined): Promise<StepAnswer | undefined> {
    const { control, inputs, states } = step;
    const { layout } = this.#options;
    const { id, ownId = id, start } = control;
    const row = before?.row ?? (states ? layout.fromStates(states) : layout.startRow());
    const [steps, samples] = [before?.steps ?? 0, before?.samples ?? 0];
    this.#state.hold(id, start);
    try {
      const tensors = await this.#run(step, row);
      const done = { step: steps + 1, samples: samples + samplesOf(inputs) };
      const keeping = this.#state.keep(id, {
        expected: steps,
        row: layout.after(tensors)(0, row),
        steps: done.step,
        samples: done.samples,
        last:
          control.step === undefined
            ? undefined
            : lastStep(done, { inputs: fedBy(step), row: 0 }, { tensors, row: 0 }),
        end: control.end,
      });
      const kept = keeping instanceof Promise ? await keeping : keeping;
      if (kept.kind === 'full') throw tooManySequences(this.#state.limits, kept.ofClient);
      // With its number, the next look finds whether it was this very step.
      if (kept.kind === 'moved' && start && control.step === undefined) throw livesAlready(ownId);
      return kept.kind === 'moved' ? undefined : { tensors, stands: standingAt(done, kept.expiresInMs) };
    } finally {
      this.#state.letGo(id, start);
    }
  }

  async #run({ control, inputs, fetches, run }: Step, row: Int32Array): Promise<Tensors> {
    const { layout } = this.#options;
    const names = this.fetchesFor(fetches, control.step !== undefined);
    const feeds = Object.assign({}, inputs, layout.feeds([row]), this.controlFeeds([control]));
    const tensors = await this.#batcher.run(feeds, names, exactly(run));
    const bad = notFinite(control, names, tensors);
    if (bad) throw bad;
    return tensors;
  }

  /** What the model is told of each row's sequence. */
  controlFeeds(marks: readonly RowMarks[]): Tensors {
    return controlFeeds(this.#options.controls ?? [], marks);
  }

  /**
   * What a run is asked for: in the model's order, so that steps that want the same are joined.
   *
   * @param numbered a step with a number keeps all outputs for a retry
   */
  fetchesFor(fetches: readonly string[], numbered: boolean): readonly string[] {
    const { outputs, layout } = this.#options;
    if (numbered) return outputs;
    const { pairs, recent } = layout;
    return outputs.filter(
      (name) =>
        fetches.includes(name) || name === recent?.output || pairs.some(({ output }) => output === name),
    );
  }
}

/** All that a client gave for the step: a retry gives the same. */
function fedBy({ inputs, states }: Pick<Step, 'inputs' | 'states'>): Tensors {
  return states === undefined ? inputs : { ...inputs, ...states };
}

/** Where a sequence stands after a step that was done. */
export function standingAt(
  { step, samples }: Pick<Standing, 'step' | 'samples'>,
  expiresInMs: number | undefined,
): Standing {
  return { step, samples, expiresInMs };
}

/** Samples that one step feeds: the time of its first input that has one. */
export function samplesOf(inputs: Tensors): number {
  for (const name in inputs) {
    const { dims } = inputs[name];
    if (dims.length > 2) return dims[1];
  }
  return 1;
}

/** What a step with a number leaves for a retry: copies, since its tensors are views of a whole run. */
export function lastStep(
  done: Pick<LastStep, 'step' | 'samples'>,
  fed: { inputs: Tensors; row: number },
  given: { tensors: Tensors; row: number },
): LastStep {
  const { step, samples } = done;
  return { step, samples, inputs: rowOf(fed.inputs, fed.row), tensors: rowOf(given.tensors, given.row) };
}

function rowOf(tensors: Tensors, row: number): Tensors {
  const one = takeRows(tensors, Object.keys(tensors), row, 1);
  for (const name in one) {
    const { type, dims, data } = one[name];
    one[name] = { type, dims, data: data.slice() } as RuntimeTensor;
  }
  return one;
}

/** What the answer to a step tells of its sequence. */
export function standingParameters(id: string, { step, samples, expiresInMs }: Standing): Parameters {
  return {
    sequence_id: id,
    sequence_step: step,
    sequence_samples: samples,
    ...(expiresInMs === undefined ? { sequence_ended: true } : { sequence_expires_in_ms: expiresInMs }),
  };
}

function checkOneRow(inputs: Tensors): void {
  for (const [name, { dims }] of Object.entries(inputs)) {
    if (dims[0] === 1) continue;
    throw new ShapeError(
      `input "${name}": expected batch 1 for a step of a sequence, got ${dims[0]}; name the sequence of each row in an input "sequence_id"`,
    );
  }
}
