import { ProtocolError } from '@onda/protocol';
import { checkFeeds } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { WorkerError } from '@onda/runtime-node';
import type { ModelStats } from '../modelStats.ts';
import { BatchQueue } from './batchQueue.ts';
import type { WaitingRun } from './batchQueue.ts';
import { joinTensors, takeRows } from './joinTensors.ts';
import type { Tensors } from './joinTensors.ts';

export interface BatchOptions {
  /** The most rows of a joined run; a request that has more runs alone. */
  maxRows: number;
  /** The most input values of a joined run, so that joining does not make long runs longer. */
  maxValues: number;
  /** How long the oldest request may wait for others although the worker is free, microseconds. */
  delayUs: number;
  /** Requests that may wait; one more is refused. */
  maxWaiting: number;
}

/** One runs, one lies ready so that the worker never waits for this thread. */
const RUNS_UNDER_WAY = 2;

const stays = (): boolean => false;

/**
 * Joins requests of one model that wait at the same time into one run: rows under one another, where everything but the
 * number of rows agrees.
 *
 * The values are those of runs of their own within 1e-6, not bit for bit: ONNX Runtime's matrix product takes other kernels
 * for other numbers of rows, which add in another order.
 */
export class Batcher {
  readonly #session: Session;
  readonly #options: BatchOptions;
  readonly #stats: ModelStats;
  readonly #joins: boolean;
  readonly #queue = new BatchQueue();
  #underWay = 0;
  #flushing = false;

  constructor(session: Session, options: BatchOptions, stats: ModelStats) {
    this.#session = session;
    this.#options = options;
    this.#stats = stats;
    // Rows can be told apart only if every tensor has them first.
    this.#joins = [...session.inputs, ...session.outputs].every(({ shape }) => typeof shape[0] === 'string');
  }

  /**
   * @param feeds   a tensor for every input
   * @param fetches names of the outputs
   * @param isGone  asked before the run: a request whose client has gone is not run
   * @throws ShapeError, DataError for feeds that do not fit; ProtocolError `unavailable` when too many wait, `canceled` when
   *   the client has gone; what the session throws
   */
  run(
    feeds: Tensors,
    fetches: readonly string[],
    isGone: () => boolean = stays,
  ): Promise<Record<string, RuntimeTensor>> {
    return new Promise((resolve, reject) => {
      // Each by itself, so that one that does not fit is never joined to others.
      checkFeeds(this.#session.inputs, feeds);
      this.#checkRoom();
      const { key, rows, values } = describeRun(feeds, fetches);
      const since = performance.now();
      this.#queue.add({ feeds, fetches, key, rows, values, since, isGone, resolve, reject });
      this.#stats.pending = this.#queue.length;
      this.#flushSoon();
    });
  }

  #checkRoom(): void {
    const { maxWaiting } = this.#options;
    if (this.#queue.length < maxWaiting) return;
    // Those who have gone must not keep others out.
    this.#queue.takeGone().forEach(cancel);
    if (this.#queue.length < maxWaiting) return;
    throw new ProtocolError(
      'unavailable',
      `${maxWaiting} requests wait already, and the service takes no more; try again in a moment`,
    );
  }

  /** Requests that were read in one turn of the event loop leave together: `setImmediate` comes after all of them. */
  #flushSoon(waitMs = 0): void {
    if (this.#flushing || this.#underWay >= RUNS_UNDER_WAY || this.#queue.length === 0) return;
    this.#flushing = true;
    const flush = (): void => {
      this.#flushing = false;
      this.#flush();
    };
    // A timer's finest step is a millisecond; below it, the event loop's turns are counted.
    if (waitMs < 1) setImmediate(flush);
    else setTimeout(flush, waitMs);
  }

  #flush(): void {
    const { maxRows, maxValues, delayUs } = this.#options;
    const { oldest } = this.#queue;
    if (oldest === undefined || this.#underWay >= RUNS_UNDER_WAY) return;
    const left = delayUs / 1000 - (performance.now() - oldest.since);
    if (left > 0 && this.#joins && this.#queue.joinableRows(maxRows, maxValues) < maxRows) {
      this.#flushSoon(left);
      return;
    }
    const taken = this.#queue.take(this.#joins ? maxRows : 1, this.#joins ? maxValues : 0);
    this.#stats.pending = this.#queue.length;
    const runs = taken.filter((run) => !run.isGone());
    if (runs.length < taken.length) taken.filter((run) => !runs.includes(run)).forEach(cancel);
    if (runs.length > 0) void this.#start(runs);
    this.#flushSoon();
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
    const started = performance.now();
    const [{ feeds, fetches }] = runs;
    const joined = runs.length === 1 ? { ...feeds } : joinTensors(runs.map((run) => run.feeds));
    const results = await this.#session.run(joined, fetches);
    const took = performance.now() - started;
    let from = 0;
    for (const run of runs) {
      this.#stats.queueMs += started - run.since;
      this.#stats.computeMs += took;
      run.resolve(runs.length === 1 ? results : takeRows(results, fetches, from, run.rows));
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

function cancel(run: WaitingRun): void {
  run.reject(
    new ProtocolError('canceled', 'the client has gone before the model ran; nothing was run, send it again'),
  );
}
