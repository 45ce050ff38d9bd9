import { ResultError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { checkFeeds } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { WorkerError } from '@onda/runtime-node';
import { clientGone } from '../clientGone.ts';
import type { ModelStats } from '../modelStats.ts';
import { tooManyWait } from '../tooManyWait.ts';
import { maybeTrace } from '../requestTrace.ts';
import { BatchQueue } from './batchQueue.ts';
import type { WaitingRun } from './batchQueue.ts';
import { joinTensors, takeRows } from './joinTensors.ts';
import type { Tensors } from './joinTensors.ts';

export interface BatchOptions {
  /** The most rows of a joined run; a request that has more runs alone. */
  maxRows: number;
  /** The most input values of a joined run, so that joining does not make long runs longer. */
  maxValues: number;
  /** Rows of a joined run that need not wait for more; none when left out: only `maxRows` does not wait. */
  preferred?: readonly number[];
  /** How long the oldest request may wait for others although the worker is free, microseconds. */
  delayUs: number;
  /** Requests that may wait; one more is refused. */
  maxWaiting: number;
  /** Threads that run the model at a time; 1 when left out. */
  workers?: number;
}

/** What a request says of its run. */
export interface RunOptions {
  /** Asked before the run: a request whose client has gone is not run. */
  isGone?: () => boolean;
  /** Lower numbers are run first; 0 when left out. */
  priority?: number;
  /** When it is too late to run it, milliseconds of the batcher's clock; never when left out. */
  deadline?: number;
  /**
   * The values are to be the same bits whatever the run is joined with. A run of one row is given a second one then, since
   * ONNX Runtime's product for one row adds in another order than that for several, which give each row the same bits however
   * many they are (libs/exporter/test/exactRows.test.ts holds it).
   */
  exact?: boolean;
}

const stays = (): boolean => false;

/** The same run, with the same bits whatever it is joined with. */
export function exactly({ isGone = stays, priority = 0, deadline = Infinity }: RunOptions): RunOptions {
  return { isGone, priority, deadline, exact: true };
}

/** Runs that lie ready beside those that run, so that no worker waits for this thread. */
const RUNS_READY = 1;

/**
 * Joins requests of one model that wait at the same time into one run: rows under one another, where everything but the
 * number of rows agrees.
 *
 * The values are those of runs of their own within 1e-6, and bit for bit where `exact` asks for it.
 */
export class Batcher {
  readonly #session: Session;
  readonly #options: BatchOptions;
  readonly #stats: ModelStats;
  /** Until an answer shows that the model's outputs do not have the rows of its inputs. */
  #joins: boolean;
  readonly #now: () => number;
  readonly #queue = new BatchQueue();
  readonly #mostUnderWay: number;
  #underWay = 0;
  #flushing = false;
  /** Of a wait for others. */
  #timer: NodeJS.Timeout | undefined;

  /** @param now a clock in milliseconds that never goes back */
  constructor(
    session: Session,
    options: BatchOptions,
    stats: ModelStats,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#session = session;
    this.#options = options;
    this.#mostUnderWay = (options.workers ?? 1) + RUNS_READY;
    this.#stats = stats;
    // Rows can be told apart only if every tensor has them first.
    const all = [...session.inputs, ...session.outputs];
    this.#joins = session.inputs.length > 0 && all.every(({ shape }) => typeof shape[0] === 'string');
  }

  /** Where rows are never joined, a single one has the bits of every other, and the model may even compute over its rows. */
  get #pads(): boolean {
    return this.#joins && this.#options.maxRows > 1;
  }

  /**
   * @param feeds   a tensor for every input
   * @param fetches names of the outputs
   * @throws ShapeError, DataError for feeds that do not fit; ProtocolError `unavailable` when too many wait, `canceled` when
   *   the client has gone, `timeout` past the deadline; what the session throws
   */
  run(
    feeds: Tensors,
    fetches: readonly string[],
    { isGone = stays, priority = 0, deadline = Infinity, exact = false }: RunOptions = {},
  ): Promise<Record<string, RuntimeTensor>> {
    return new Promise((resolve, reject) => {
      // Each by itself, so that one that does not fit is never joined to others.
      checkFeeds(this.#session.inputs, feeds);
      this.#checkRoom();
      const { key, rows, values } = describeRun(feeds, fetches);
      const since = this.#now();
      this.#queue.add({
        feeds,
        fetches,
        key,
        rows,
        values,
        since,
        priority,
        deadline,
        exact,
        isGone,
        trace: maybeTrace(),
        resolve,
        reject,
      });
      this.#stats.pending = this.#queue.length;
      this.#flushSoon();
    });
  }

  #checkRoom(): void {
    const { maxWaiting } = this.#options;
    if (this.#queue.length < maxWaiting) return;
    // Those who have gone, or came too late, must not keep others out.
    this.#dropOver();
    if (this.#queue.length < maxWaiting) return;
    throw tooManyWait(`${maxWaiting} requests wait`);
  }

  /** Requests that were read in one turn of the event loop leave together: `setImmediate` comes after all of them. */
  #flushSoon(waitMs = 0): void {
    if (this.#timer !== undefined) {
      // With what has come meanwhile there may be enough.
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#flushing = false;
    }
    if (this.#flushing || this.#underWay >= this.#mostUnderWay || this.#queue.length === 0) return;
    this.#flushing = true;
    const flush = (): void => {
      this.#flushing = false;
      this.#timer = undefined;
      this.#flush();
    };
    // A timer's finest step is a millisecond; below it, the event loop's turns are counted.
    if (waitMs < 1) setImmediate(flush);
    else this.#timer = setTimeout(flush, waitMs);
  }

  #flush(): void {
    const { maxRows, maxValues, delayUs } = this.#options;
    const { first } = this.#queue;
    if (first === undefined || this.#underWay >= this.#mostUnderWay) return;
    const until = first.since + delayUs / 1000;
    // Whom the wait for others would make late is not made to wait: the worker is free.
    const left = delayUs > 0 && this.#queue.nextDeadline <= until ? 0 : until - this.#now();
    const rows = left > 0 && this.#joins ? this.#rowsEnough() : maxRows;
    if (rows === 0) {
      this.#flushSoon(left);
      return;
    }
    const taken = this.#queue.take(this.#joins ? rows : 1, this.#joins ? maxValues : 0);
    this.#stats.pending = this.#queue.length;
    const now = this.#now();
    const runs = taken.filter((run) => !isOver(run, now));
    if (runs.length < taken.length) taken.filter((run) => isOver(run, now)).forEach(refuse);
    if (runs.length > 0) void this.#start(runs);
    this.#flushSoon();
  }

  /** How many rows there are that need not wait for more; 0: too few. */
  #rowsEnough(): number {
    const { maxRows, maxValues, preferred = [] } = this.#options;
    const rows = this.#queue.joinableRows(maxRows, maxValues);
    return rows >= maxRows ? maxRows : Math.max(0, ...preferred.filter((size) => size <= rows));
  }

  #dropOver(): void {
    const now = this.#now();
    this.#queue.takeOver((run) => isOver(run, now)).forEach(refuse);
  }

  async #start(runs: readonly WaitingRun[]): Promise<void> {
    this.#underWay++;
    try {
      await this.#runJoined(runs);
    } catch (error) {
      if (runs.length === 1 || error instanceof WorkerError) {
        // What ended the worker must not do so once for each of them.
        for (const run of runs) run.reject(error);
      } else {
        // Nobody is to fail for another's request.
        for (const run of runs) await this.#runJoined([run]).catch(run.reject);
      }
    } finally {
      this.#underWay--;
      this.#flushSoon();
    }
  }

  async #runJoined(runs: readonly WaitingRun[]): Promise<void> {
    const started = this.#now();
    const [{ feeds, fetches, rows, exact }] = runs;
    const pads = this.#pads && runs.length === 1 && rows === 1 && exact;
    const parts = runs.map((run) => run.feeds);
    const joined = runs.length > 1 ? joinTensors(parts) : pads ? joinTensors([feeds, feeds]) : { ...feeds };
    const results = await this.#session.run(joined, fetches);
    const took = this.#now() - started;
    if (this.#joins && !haveRows(results, fetches, joined)) {
      this.#joins = false;
      // What belongs to whom cannot be told; alone, each gets its own.
      if (pads) return this.#runJoined(runs);
      if (runs.length > 1) throw new ResultError('the answer does not have the rows of the requests');
    }
    let from = 0;
    for (const run of runs) {
      this.#stats.queue.add(started - run.since);
      this.#stats.compute.add(took);
      run.trace?.ran(run.since, started, started + took);
      run.resolve(runs.length === 1 && !pads ? results : takeRows(results, fetches, from, run.rows));
      from += run.rows;
    }
    this.#stats.ran(from);
  }
}

function describeRun(
  feeds: Tensors,
  fetches: readonly string[],
): { key: string; rows: number; values: number } {
  let key = fetches.join();
  let rows = 0;
  let values = 0;
  for (const name in feeds) {
    const { dims, data } = feeds[name];
    rows = dims[0];
    values += data.length;
    key += `;${name}`;
    for (let axis = 1; axis < dims.length; axis++) key += `,${dims[axis]}`;
  }
  return { key, rows, values };
}

/** Whether outputs have as many rows as the inputs: a file's symbols say that there are some, not how many (`Compress`, `NonZero`). */
function haveRows(results: Tensors, fetches: readonly string[], feeds: Tensors): boolean {
  let rows = 0;
  for (const name in feeds) rows = feeds[name].dims[0];
  return fetches.every((name) => results[name].dims[0] === rows);
}

function isOver(run: WaitingRun, now: number): boolean {
  return now >= run.deadline || run.isGone();
}

function refuse(run: WaitingRun): void {
  run.reject(
    run.isGone()
      ? clientGone()
      : new ProtocolError(
          'timeout',
          "the request's timeout passed before the model ran; nothing was run, send it again or give it longer",
        ),
  );
}
