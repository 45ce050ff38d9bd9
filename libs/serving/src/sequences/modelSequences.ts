import { OndaError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { exactly } from '../batcher.ts';
import { controlFeeds } from '../models/controlFeeds.ts';
import { gatherRows } from '../tensorRows.ts';
import { KeyedMutex } from './keyedMutex.ts';
import {
  alreadyLive,
  keepsNoState,
  named,
  notLive,
  notServedHere,
  onOtherVersion,
  tooManySequences,
} from './sequenceErrors.ts';
import { fedBy, fetchNames, lastStep, samplesOf, StepRow } from './sequenceStep.ts';
import type { BoundStep, SequenceVersions, StepModel, StepRequest } from './sequenceStep.ts';
import { sequenceKey } from './sequenceStore.ts';
import type { EndedSequence, LiveSequence, SequenceStore, Soon, Swap, Tensors } from './sequenceStore.ts';
import { allFinite, continuedSequence, notFinite, repeatedStep } from './stepRules.ts';

/** Maximum attempts of a step whose sequence other processes change while the model runs. */
const MOST_ATTEMPTS = 10;

/**
 * The sequences of one model, on all its versions. A sequence's record names its version, on which its steps run; a new sequence
 * starts on the newest version.
 *
 * Every change of a sequence holds the mutex of its key: steps of one sequence run in the order of the requests, never two in one
 * batch. A failed step changes nothing.
 */
export class ModelSequences<Version extends StepModel> {
  readonly store: SequenceStore;
  readonly #versions: SequenceVersions<Version>;
  readonly #mutex: KeyedMutex;

  /** @param maxWaiting maximum number of requests that wait for an earlier step of their sequence */
  constructor(store: SequenceStore, versions: SequenceVersions<Version>, maxWaiting: number) {
    this.store = store;
    this.#versions = versions;
    this.#mutex = new KeyedMutex(maxWaiting);
  }

  /**
   * Steps the sequences of a request, usually in one run of the model. Rows fail independently; an error of a run that has all rows is
   * thrown.
   *
   * @throws what `bind` and the batcher throw
   */
  step(request: StepRequest<Version>): Promise<readonly StepRow<Version>[]> {
    const { controls, client } = request;
    const keys = controls.map(({ id }) => sequenceKey(client, id));
    return this.#mutex.run(keys, () => this.#perform(request, keys));
  }

  /**
   * A copy of a live sequence, with its version.
   *
   * @throws ProtocolError 404, 409, 410, 503
   */
  async find(
    client: string | undefined,
    id: string,
    version: string | undefined,
  ): Promise<{ model: Version; sequence: LiveSequence }> {
    const found = await this.store.find(sequenceKey(client, id), undefined);
    if (found?.kind !== 'live') throw notLive(id, found);
    const model = this.#versions.maybeWithKey(found.version);
    if (model?.layout.rowSize !== found.row.length) throw notServedHere(id, found.version);
    if (version !== undefined && model.version !== version) {
      throw onOtherVersion(id, model.version, version);
    }
    return { model, sequence: { ...found, row: found.row.slice() } };
  }

  /**
   * Starts a sequence from an existing state.
   *
   * @returns milliseconds until it expires
   * @throws ProtocolError 409, 429, 503
   */
  async begin(
    client: string | undefined,
    id: string,
    model: Version,
    { row, steps, samples }: Pick<LiveSequence, 'row' | 'steps' | 'samples'>,
  ): Promise<number> {
    const key = sequenceKey(client, id);
    return this.#mutex.run([key], async () => {
      this.store.pin(key, true);
      try {
        const swap = await this.store.compareAndSwap(key, {
          expectedSteps: 0,
          expectedVersion: '',
          version: model.sequenceKey,
          row,
          steps,
          samples,
          last: undefined,
          end: false,
        });
        if (swap.kind === 'conflict') throw alreadyLive(id);
        if (swap.kind === 'full') throw tooManySequences(this.store.limits, swap.ofClient);
        return swap.expiresInMs ?? 0;
      } finally {
        this.store.unpin(key, true);
      }
    });
  }

  async #perform(
    request: StepRequest<Version>,
    keys: readonly string[],
  ): Promise<readonly StepRow<Version>[]> {
    const rows = request.controls.map((control, row) => new StepRow<Version>(row, control, keys[row]));
    let pending: readonly StepRow<Version>[] = rows;
    for (let attempt = 0; attempt < MOST_ATTEMPTS && pending.length > 0; attempt++) {
      pending = await this.#attempt(request, pending, rows.length);
    }
    for (const row of pending) {
      row.error = new ProtocolError(
        'conflict',
        `${named(row.control.id)}: other processes changed it during ${MOST_ATTEMPTS} attempts; send its steps one after the other`,
      );
    }
    return rows;
  }

  /** @returns the rows whose sequences another process changed meanwhile */
  async #attempt(
    request: StepRequest<Version>,
    pending: readonly StepRow<Version>[],
    all: number,
  ): Promise<readonly StepRow<Version>[]> {
    const running = await this.#prepare(request, pending);
    try {
      if (running.length === 0) return [];
      const [first] = running;
      if (running.every(({ model }) => model === first.model)) {
        return await this.#run(request, first.model as Version, running, all);
      }
      const models = [...new Set(running.map(({ model }) => model as Version))];
      const conflicts = await Promise.all(
        models.map((model) => {
          const own = running.filter((row) => row.model === model);
          return this.#run(request, model, own, all);
        }),
      );
      return conflicts.flat();
    } finally {
      for (const { key, control } of running) this.store.unpin(key, control.start);
    }
  }

  /** Finds the sequences, and pins those that will run. */
  async #prepare(
    request: StepRequest<Version>,
    pending: readonly StepRow<Version>[],
  ): Promise<readonly StepRow<Version>[]> {
    const finding = pending.map(({ key, control }) => this.store.find(key, control.step));
    const found = finding.some(isPromise) ? await settleAll(finding) : (finding as Settled<Found>[]);
    const running: StepRow<Version>[] = [];
    for (let index = 0; index < pending.length; index++) {
      const row = pending[index];
      const one = found[index];
      try {
        if (one instanceof OndaError) throw one;
        if (this.#prepareRow(request, row, one)) {
          this.store.pin(row.key, row.control.start);
          running.push(row);
        }
      } catch (error) {
        row.fail(error);
      }
    }
    return running;
  }

  /** @returns whether whether the model has to run: the step was not run before */
  #prepareRow(request: StepRequest<Version>, row: StepRow<Version>, record: Found): boolean {
    const { control } = row;
    const { id, start } = control;
    row.expectedSteps = 0;
    row.expectedVersion = '';
    let found = record;
    let model = found && this.#versions.maybeWithKey(found.version);
    if (found !== undefined && model === undefined) {
      // A live sequence of a version that is not served here can be started again, since it cannot continue.
      if (found.kind === 'live' && !start) throw notServedHere(id, found.version);
      if (found.kind === 'live') {
        row.expectedSteps = found.steps;
        row.expectedVersion = found.version;
      }
      found = undefined;
    }
    if (model && request.version !== undefined && model.version !== request.version) {
      if (found?.kind === 'live' && !start) throw onOtherVersion(id, model.version, request.version);
      if (found?.kind === 'ended') model = undefined;
    }
    if (model !== undefined && found?.last !== undefined) {
      const { inputs, states } = request.bind(model);
      const last = repeatedStep(control, fedBy(inputs, states), found, row.row);
      if (last !== undefined) {
        row.model = model;
        row.steps = last.step;
        row.samples = last.samples;
        row.expiresInMs = found.kind === 'live' ? found.expiresInMs : undefined;
        row.tensors = last.tensors;
        row.index = 0;
        return false;
      }
    }
    if (start || found?.kind !== 'live') {
      model = this.#versions.serving(request.version);
      if (model.signature.states.length === 0) throw keepsNoState(model.name);
    }
    const version = model as Version;
    const { states } = request.bind(version);
    const live = continuedSequence(control, found, states !== undefined);
    if (live !== undefined && live.row.length !== version.layout.rowSize) {
      throw notServedHere(id, live.version);
    }
    row.model = version;
    row.before = live?.row ?? (states ? version.layout.fromStates(states) : version.layout.startRow());
    if (live !== undefined) {
      row.expectedSteps = live.steps;
      row.expectedVersion = live.version;
    }
    row.steps = live?.steps ?? 0;
    row.samples = live?.samples ?? 0;
    return true;
  }

  /** @returns the rows whose sequences another process changed meanwhile */
  async #run(
    request: StepRequest<Version>,
    model: Version,
    rows: readonly StepRow<Version>[],
    all: number,
  ): Promise<readonly StepRow<Version>[]> {
    const { layout, stats } = model;
    // A request may be counted with another version; this one must not be released meanwhile.
    stats.pinned++;
    try {
      const { inputs, states, fetches } = request.bind(model);
      const names = fetchNames(model, fetches, rows);
      const fed =
        rows.length === all
          ? inputs
          : gatherRows(
              inputs,
              rows.map(({ row }) => row),
            );
      const feeds = Object.assign(
        {},
        fed,
        layout.feeds(rows.map(({ before }) => before as Int32Array)),
        controlFeeds(
          model.signature.controls,
          rows.map(({ control }) => control),
        ),
      );
      const tensors = await model.batcher.run(feeds, names, exactly(request.run));
      return await this.#swapAll(model, rows, { inputs, states, names, tensors });
    } catch (error) {
      if (rows.length === all) throw error;
      for (const row of rows) row.fail(error);
      return [];
    } finally {
      stats.pinned--;
    }
  }

  async #swapAll(
    { layout, sequenceKey: version }: Version,
    rows: readonly StepRow<Version>[],
    {
      inputs,
      states,
      names,
      tensors,
    }: Omit<BoundStep, 'fetches'> & {
      readonly names: readonly string[];
      readonly tensors: Tensors;
    },
  ): Promise<readonly StepRow<Version>[]> {
    const next = layout.after(tensors);
    const areFinite = allFinite(names, tensors);
    const time = samplesOf(inputs);
    const fed = fedBy(inputs, states);
    const swapping: Soon<Swap | OndaError>[] = [];
    for (let index = 0; index < rows.length; index++) {
      const { row, control, key, before, expectedSteps, expectedVersion, steps, samples } = rows[index];
      const bad = areFinite ? undefined : notFinite(control, names, tensors, index);
      if (bad) {
        swapping.push(bad);
        continue;
      }
      const done = { step: steps + 1, samples: samples + time };
      swapping.push(
        this.store.compareAndSwap(key, {
          expectedSteps,
          expectedVersion,
          version,
          row: next(index, before as Int32Array),
          steps: done.step,
          samples: done.samples,
          last: control.step === undefined ? undefined : lastStep(done, fed, row, tensors, index),
          end: control.end,
        }),
      );
    }
    const swaps = swapping.some(isPromise) ? await settleAll(swapping) : (swapping as Settled<Swap>[]);
    const conflicts: StepRow<Version>[] = [];
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index];
      const swap = swaps[index];
      if (swap instanceof OndaError) row.error = swap;
      else if (swap.kind === 'full') row.error = tooManySequences(this.store.limits, swap.ofClient);
      else if (swap.kind === 'done') {
        row.steps++;
        row.samples += time;
        row.expiresInMs = swap.expiresInMs;
        row.tensors = tensors;
        row.index = index;
      } else if (row.control.start && row.control.step === undefined) {
        row.error = alreadyLive(row.control.id);
      } else {
        // After a conflict a numbered step may have been run by another process.
        conflicts.push(row);
      }
    }
    return conflicts;
  }
}

type Found = LiveSequence | EndedSequence | undefined;
type Settled<Value> = Value | OndaError;

function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}

/** All values; the error of one that failed. */
function settleAll<Value>(values: readonly Soon<Value>[]): Promise<Settled<Value>[]> {
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
