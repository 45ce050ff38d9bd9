import { ResultError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { checkFeeds } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { WorkerError } from '@onda/runtime-node';
import { BatchQueue } from './batchQueue.ts';
import type { RequestTrace, WaitingRun } from './batchQueue.ts';
import { clientClosedRequest, queueFull } from './errors.ts';
import type { ModelStats } from './modelStats.ts';
import { joinTensors, takeRows } from './tensorRows.ts';
import type { Tensors } from './tensorRows.ts';

export interface BatchOptions {
  /** Maximum rows of a batch; a larger request runs alone. */
  maxRows: number;
  /** Maximum input values of a batch, so that batching does not prolong runs that are long anyway. */
  maxValues: number;
  /** Batch sizes that run without waiting for more rows; default: only `maxRows`. */
  preferred?: readonly number[];
  /** Maximum queue delay of the oldest request while a worker is free, microseconds. */
  delayUs: number;
  /** Maximum length of the queue; further requests are rejected. */
  maxWaiting: number;
  /** Threads that run the model concurrently; default: 1. */
  workers?: number;
}

/** Options of one request. */
export interface RunOptions {
  /** Called before the run: whether the client has closed the request, which is then not run. */
  isGone?: () => boolean;
  /** Lower numbers run first; default: 0. */
  priority?: number;
  /** Deadline, milliseconds of the batcher's clock; default: none. */
  deadline?: number;
  /**
   * The values must be bit-identical in every batch. A run of one row then gets a second row, since ONNX Runtime's
   * matrix product adds in another order for one row than for several (tested in libs/exporter/test/exactRows.test.ts).
   */
  exact?: boolean;
  trace?: RequestTrace | undefined;
}

const stays = (): boolean => false;

/** The same run with bit-identical values. */
export function exactly({
  isGone = stays,
  priority = 0,
  deadline = Infinity,
  trace,
}: RunOptions): RunOptions {
  return { isGone, priority, deadline, exact: true, trace };
}

/** Runs queued at the workers in advance, so that no worker waits for this thread. */
const RUNS_READY = 1;

/**
 * Batches waiting requests of one model: their rows are concatenated if all other dims agree.
 *
 * The values equal those of separate runs within 1e-6, and bit for bit with `exact`.
 */
export class Batcher {
  readonly #session: Session;
  readonly #options: BatchOptions;
  readonly #stats: ModelStats;
  /** False once a result shows that the model's outputs do not have the rows of its inputs. */
  #joins: boolean;
  readonly #now: () => number;
  readonly #queue = new BatchQueue();
  readonly #mostUnderWay: number;
  #underWay = 0;
  #flushing = false;
  /** Set while the batch waits for more requests. */
  #timer: NodeJS.Timeout | undefined;

  /** @param now a monotonic clock in milliseconds */
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
    // Requests can be separated again only if every tensor has rows as its first dim.
    const all = [...session.inputs, ...session.outputs];
    this.#joins = session.inputs.length > 0 && all.every(({ shape }) => typeof shape[0] === 'string');
  }

  /** False if requests are never batched: such a model may compute across its rows. */
  get #pads(): boolean {
    return this.#joins && this.#options.maxRows > 1;
  }

  /**
   * @param feeds   a tensor for every input
   * @param fetches names of the outputs
   * @throws ShapeError, DataError for feeds that do not fit; ProtocolError `unavailable` when the queue is full,
   *   `canceled` when the client closed the request, `timeout` past the deadline; what the session throws
   */
  run(
    feeds: Tensors,
    fetches: readonly string[],
    { isGone = stays, priority = 0, deadline = Infinity, exact = false, trace }: RunOptions = {},
  ): Promise<Record<string, RuntimeTensor>> {
    return new Promise((resolve, reject) => {
      // Checked one by one, so that an invalid request is never batched with others.
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
        trace,
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
    // Closed and expired requests must not block others.
    this.#dropExpired();
    if (this.#queue.length < maxWaiting) return;
    throw queueFull(`${maxWaiting} requests wait`);
  }

  /** Requests that were read in one turn of the event loop run together: `setImmediate` fires after all of them. */
  #flushSoon(waitMs = 0): void {
    if (this.#timer !== undefined) {
      // With the new request the batch may be large enough.
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
    // A timer's resolution is a millisecond; shorter waits use turns of the event loop.
    if (waitMs < 1) setImmediate(flush);
    else this.#timer = setTimeout(flush, waitMs);
  }

  #flush(): void {
    const { maxRows, maxValues, delayUs } = this.#options;
    const { first } = this.#queue;
    if (first === undefined || this.#underWay >= this.#mostUnderWay) return;
    const until = first.since + delayUs / 1000;
    // Do not wait beyond the deadline of a request.
    const left = delayUs > 0 && this.#queue.nextDeadline <= until ? 0 : until - this.#now();
    const rows = left > 0 && this.#joins ? this.#rowsEnough() : maxRows;
    if (rows === 0) {
      this.#flushSoon(left);
      return;
    }
    const taken = this.#queue.take(this.#joins ? rows : 1, this.#joins ? maxValues : 0);
    this.#stats.pending = this.#queue.length;
    const now = this.#now();
    const runs = taken.filter((run) => !isExpired(run, now));
    if (runs.length < taken.length) taken.filter((run) => isExpired(run, now)).forEach(refuse);
    if (runs.length > 0) void this.#start(runs);
    this.#flushSoon();
  }

  /** Rows that run now; 0: wait for more. */
  #rowsEnough(): number {
    const { maxRows, maxValues, preferred = [] } = this.#options;
    const rows = this.#queue.joinableRows(maxRows, maxValues);
    return rows >= maxRows ? maxRows : Math.max(0, ...preferred.filter((size) => size <= rows));
  }

  #dropExpired(): void {
    const now = this.#now();
    this.#queue.removeWhere((run) => isExpired(run, now)).forEach(refuse);
  }

  async #start(runs: readonly WaitingRun[]): Promise<void> {
    this.#underWay++;
    try {
      await this.#runJoined(runs);
    } catch (error) {
      if (error instanceof WorkerError) {
        // A request that crashed the worker must not run again.
        for (const run of runs) run.reject(error);
      } else {
        await this.#runHalves(runs, error);
      }
    } finally {
      this.#underWay--;
      this.#flushSoon();
    }
  }

  /** Finds the request that made a batch fail: one bad request of n costs 2 log2 n runs, and the others get their results. */
  async #runHalves(failed: readonly WaitingRun[], error: unknown): Promise<void> {
    if (failed.length === 1) {
      failed[0].reject(error);
      return;
    }
    const middle = failed.length >> 1;
    const halves = this.#joins ? [failed.slice(0, middle), failed.slice(middle)] : failed.map((run) => [run]);
    for (const half of halves) {
      const now = this.#now();
      half.filter((run) => isExpired(run, now)).forEach(refuse);
      const runs = half.filter((run) => !isExpired(run, now));
      if (runs.length === 0) continue;
      try {
        await this.#runJoined(runs);
      } catch (cause) {
        if (cause instanceof WorkerError) for (const run of runs) run.reject(cause);
        else await this.#runHalves(runs, cause);
      }
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
      // The result of the batch cannot be split; each request runs alone.
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

/** Whether outputs have as many rows as the inputs, which a symbolic dim does not guarantee (`Compress`, `NonZero`). */
function haveRows(results: Tensors, fetches: readonly string[], feeds: Tensors): boolean {
  let rows = 0;
  for (const name in feeds) rows = feeds[name].dims[0];
  return fetches.every((name) => results[name].dims[0] === rows);
}

function isExpired(run: WaitingRun, now: number): boolean {
  return now >= run.deadline || run.isGone();
}

function refuse(run: WaitingRun): void {
  run.reject(
    run.isGone()
      ? clientClosedRequest()
      : new ProtocolError(
          'timeout',
          "the request's timeout passed before the model ran; nothing was run; retry, or send a longer timeout",
        ),
  );
}
