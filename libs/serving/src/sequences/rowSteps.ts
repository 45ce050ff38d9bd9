import { OndaError } from '@onda/contract';
import type { SequenceControl } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { exactly } from '../batching/batcher.ts';
import type { Batcher, RunOptions } from '../batching/batcher.ts';
import { joinTensors, takeRows } from '../batching/joinTensors.ts';
import { livesAlready, tooManySequences } from './sequenceErrors.ts';
import { lastStep, samplesOf, standingAt } from './sequenceSteps.ts';
import type { SequenceSteps, Standing } from './sequenceSteps.ts';
import type { SequenceState, Soon, Tensors } from './sequenceState.ts';
import { allFinite, doneBefore, notFinite, sequenceBefore } from './stepRules.ts';

/** A step of many sequences: row k of each input is a step of the sequence of control k. */
export interface RowsStep {
  controls: readonly SequenceControl[];
  /** The model's inputs but its states, [rows, ...] each. */
  inputs: Tensors;
  fetches: readonly string[];
  run: RunOptions;
}

/** How one row ended. */
export type RowEnd =
  | { kind: 'failed'; error: OndaError }
  | {
      kind: 'done';
      stands: Standing;
      /** Its outputs: a row of the run, or tensors of its own. */
      from: number | Tensors;
    };

export interface RowsAnswer {
  ends: readonly RowEnd[];
  /** Of the rows that were run, in their order. */
  tensors: Tensors;
}

/** A row that is run. */
interface Running {
  row: number;
  control: SequenceControl;
  /** Of the sequence before the step. */
  before: Int32Array;
  steps: number;
  samples: number;
}

/**
 * Steps many sequences in one run of the model. A row fails by itself, as if it had come in a request of its own; what fails the
 * run fails them all, and then no sequence has changed.
 */
export class RowSteps {
  readonly #steps: SequenceSteps;
  readonly #batcher: Pick<Batcher, 'run'>;
  readonly #state: SequenceState;

  constructor(steps: SequenceSteps, batcher: Pick<Batcher, 'run'>, state: SequenceState) {
    this.#steps = steps;
    this.#batcher = batcher;
    this.#state = state;
  }

  /** @throws what the batcher throws */
  run(step: RowsStep): Promise<RowsAnswer> {
    const ids = step.controls.map(({ id }) => id);
    return this.#steps.turns.take(ids, () => this.#perform(step));
  }

  async #perform(step: RowsStep): Promise<RowsAnswer> {
    const { controls, inputs, fetches, run } = step;
    const { layout } = this.#steps;
    const ends: RowEnd[] = new Array<RowEnd>(controls.length);
    const running = await this.#begin(step, ends);
    try {
      if (running.length === 0) return { ends, tensors: {} };
      const names = this.#steps.fetchesFor(
        fetches,
        running.some(({ control }) => control.step !== undefined),
      );
      const all = running.length === controls.length;
      const fed = all
        ? inputs
        : joinTensors(running.map(({ row }) => takeRows(inputs, namesOf(inputs), row, 1)));
      const states = layout.feeds(running.map(({ before }) => before));
      const told = this.#steps.controlFeeds(running.map(({ control }) => control));
      const feeds = Object.assign({}, fed, states, told);
      const tensors = await this.#batcher.run(feeds, names, exactly(run));
      const moved = await this.#keep(step, running, names, tensors, ends);
      // Another process stepped these meanwhile: by themselves, as such steps are done.
      for (const { row } of moved) ends[row] = await this.#doAlone(step, row);
      return { ends, tensors };
    } finally {
      for (const { control } of running) this.#state.letGo(control.id, control.start);
    }
  }

  /** Finds the sequences, and holds those that are to be run. */
  async #begin({ controls, inputs }: RowsStep, ends: RowEnd[]): Promise<Running[]> {
    const { layout } = this.#steps;
    const finds = await settleAll(controls.map(({ id }) => this.#state.find(id)));
    const running: Running[] = [];
    for (const [row, control] of controls.entries()) {
      ends[row] = attempt(() => {
        const found = finds[row];
        if (found instanceof OndaError) throw found;
        const again = doneBefore(control, inputs, found, row);
        if (again) {
          const left = found?.kind === 'live' ? found.expiresInMs : undefined;
          return { kind: 'done', stands: standingAt(again, left), from: again.tensors };
        }
        const live = sequenceBefore(control, found, false);
        this.#state.hold(control.id, control.start);
        running.push({
          row,
          control,
          before: live?.row ?? layout.startRow(),
          steps: live?.steps ?? 0,
          samples: live?.samples ?? 0,
        });
        return ends[row];
      });
    }
    return running;
  }

  /** @returns the rows whose sequences have moved meanwhile */
  async #keep(
    { inputs }: RowsStep,
    running: readonly Running[],
    names: readonly string[],
    tensors: Tensors,
    ends: RowEnd[],
  ): Promise<readonly Running[]> {
    const next = this.#steps.layout.after(tensors);
    const finite = allFinite(names, tensors);
    const time = samplesOf(inputs);
    const keeping = running.map(({ row, control, before, steps, samples }, index) => {
      const bad = finite ? undefined : notFinite(control, names, tensors, index);
      if (bad) return bad;
      const done = { step: steps + 1, samples: samples + time };
      const numbered = control.step !== undefined;
      return this.#state.keep(control.id, {
        expected: steps,
        row: next(index, before),
        steps: done.step,
        samples: done.samples,
        last: numbered ? lastStep(done, { inputs, row }, { tensors, row: index }) : undefined,
        end: control.end,
      });
    });
    const kept = await settleAll(keeping);
    const moved: Running[] = [];
    for (const [index, one] of running.entries()) {
      const result = kept[index];
      const { row, control, steps, samples } = one;
      if (result instanceof OndaError) ends[row] = { kind: 'failed', error: result };
      else if (result.kind === 'full') {
        ends[row] = { kind: 'failed', error: tooManySequences(this.#state.limits, result.ofClient) };
      } else if (result.kind === 'moved') {
        if (control.start && control.step === undefined) {
          ends[row] = { kind: 'failed', error: livesAlready(control.ownId ?? control.id) };
        } else moved.push(one);
      } else {
        const { expiresInMs } = result;
        const stands = { step: steps + 1, samples: samples + time, expiresInMs };
        ends[row] = { kind: 'done', stands, from: index };
      }
    }
    return moved;
  }

  async #doAlone({ controls, inputs, fetches, run }: RowsStep, row: number): Promise<RowEnd> {
    const one = takeRows(inputs, namesOf(inputs), row, 1);
    try {
      const answer = await this.#steps.perform({
        control: controls[row],
        inputs: one,
        states: undefined,
        fetches,
        run,
      });
      return { kind: 'done', stands: answer.stands, from: answer.tensors };
    } catch (error) {
      return failed(error);
    }
  }
}

function attempt(work: () => RowEnd): RowEnd {
  try {
    return work();
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): RowEnd {
  if (error instanceof OndaError) return { kind: 'failed', error };
  throw error;
}

/** All of them, at once where nothing has to be waited for; one that fails is its error. */
async function settleAll<Value>(values: readonly Soon<Value>[]): Promise<(Value | OndaError)[]> {
  if (!values.some((value) => value instanceof Promise)) return values as Value[];
  return Promise.all(
    values.map(async (value) => {
      try {
        return await value;
      } catch (error) {
        if (error instanceof OndaError) return error;
        throw error;
      }
    }),
  );
}

function namesOf(tensors: Record<string, RuntimeTensor> | Tensors): string[] {
  return Object.keys(tensors);
}
