import { OndaError } from '@onda/contract';

/** Why a request failed, by Triton's names. */
export const failureReasons = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'] as const;
export type FailureReason = (typeof failureReasons)[number];

/** Upper bounds of the buckets of rows per run; a last bucket has the rest. */
export const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/** Upper bounds of the buckets of milliseconds until the first event of a stream: Triton's four, and finer ones below. */
export const firstResponseBuckets = [1, 2, 5, 10, 50, 100, 500, 2000, 5000] as const;

/**
 * Counters of one model version since the start. Plain numbers: every request changes them, and they are rarely read.
 *
 * Times are milliseconds, summed over requests as in Triton.
 */
export class ModelStats {
  successes = 0;
  readonly failures: Record<FailureReason, number> = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  /** Rows that were run. */
  rows = 0;
  /** Runs of the model: `rows / runs` is the mean batch. */
  runs = 0;
  /** Successful requests: from decoding to the encoded response. */
  readonly request = new Latencies();
  /** Runs: waiting time and duration. */
  readonly queue = new Latencies();
  readonly compute = new Latencies();
  failedMs = 0;
  /** When the last request succeeded, milliseconds since 1970; 0: none yet. */
  lastAt = 0;
  /** Requests in flight. An unloaded version is released once there are none. */
  active = 0;
  /** Other uses in flight: a request that is counted with one version may run on another. */
  pinned = 0;
  /** Requests that wait for a run. */
  pending = 0;
  readonly batches: number[] = [...batchBuckets, Infinity].map(() => 0);
  /** Sequences exported to documents and imported from them. */
  exported = 0;
  imported = 0;
  /** Streams by the time until their first event. */
  readonly firstResponses: number[] = [...firstResponseBuckets, Infinity].map(() => 0);
  firstResponseMs = 0;

  firstResponse(milliseconds: number): void {
    const bucket = firstResponseBuckets.findIndex((most) => milliseconds <= most);
    this.firstResponses[bucket < 0 ? firstResponseBuckets.length : bucket]++;
    this.firstResponseMs += milliseconds;
  }

  ran(rows: number): void {
    this.rows += rows;
    this.runs++;
    const bucket = batchBuckets.findIndex((most) => rows <= most);
    this.batches[bucket < 0 ? batchBuckets.length : bucket]++;
  }

  succeeded(milliseconds: number): void {
    this.successes++;
    this.request.add(milliseconds);
    this.lastAt = Date.now();
  }

  failed(reason: FailureReason, milliseconds: number): void {
    this.failures[reason]++;
    this.failedMs += milliseconds;
  }
}

function countFailures({ failures }: ModelStats): number {
  return failureReasons.reduce((sum, reason) => sum + failures[reason], 0);
}

/** Eight buckets to a doubling: a quantile is accurate to 9 %. */
const PER_DOUBLING = 8;
/** Up to 2^32 microseconds, more than an hour. */
const BUCKETS = 32 * PER_DOUBLING;
/** Quantiles cover the last one to two windows, milliseconds. */
const WINDOW_MS = 30_000;

/**
 * Durations: sums since the start, and quantiles of the last 30 to 60 seconds. A histogram, so that a request costs nanoseconds.
 */
export class Latencies {
  count = 0;
  /** Milliseconds. */
  sum = 0;
  #window = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #since: number;
  readonly #now: () => number;

  /** @param now a clock in milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  add(milliseconds: number): void {
    this.count++;
    this.sum += milliseconds;
    if (this.#now() - this.#since >= WINDOW_MS) this.#rotate();
    this.#window[bucketOf(milliseconds * 1000)]++;
  }

  /** @returns microseconds; NaN without a recent value */
  quantile(share: number): number {
    if (this.#now() - this.#since >= WINDOW_MS) this.#rotate();
    let left = this.#window.reduce((sum, count, at) => sum + count + this.#before[at], 0) * share;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#window[bucket] + this.#before[bucket];
      left -= count;
      if (count > 0 && left <= 0) return 2 ** ((bucket + 0.5) / PER_DOUBLING);
    }
    return NaN;
  }

  #rotate(): void {
    const now = this.#now();
    const isOld = now - this.#since >= 2 * WINDOW_MS;
    [this.#before, this.#window] = [this.#window, this.#before];
    this.#window.fill(0);
    if (isOld) this.#before.fill(0);
    this.#since = now;
  }
}

function bucketOf(microseconds: number): number {
  if (microseconds <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(microseconds) * PER_DOUBLING));
}

const reasons: Readonly<Record<string, FailureReason>> = {
  unavailable: 'REJECTED',
  canceled: 'CANCELED',
  model: 'BACKEND',
  result: 'BACKEND',
  worker: 'BACKEND',
};

/** Counts one request of a model, however it ends. Callbacks, since each async function of a request costs memory and time. */
export function countRequest<Answer>(stats: ModelStats, answer: () => Promise<Answer>): Promise<Answer> {
  const since = performance.now();
  stats.active++;
  return answer().then(
    (result) => {
      stats.active--;
      stats.succeeded(performance.now() - since);
      return result;
    },
    (error: unknown) => {
      stats.active--;
      const reason = error instanceof OndaError ? (reasons[error.code] ?? 'OTHER') : 'BACKEND';
      stats.failed(reason, performance.now() - since);
      throw error;
    },
  );
}

interface Duration {
  count: number;
  /** Nanoseconds. */
  ns: number;
}

/** Triton's ModelStatistics, in the form for JSON and protobuf. */
export interface ModelStatistics {
  name: string;
  version: string;
  /** Milliseconds since 1970; 0: none yet. */
  last_inference: number;
  /** Rows that were run. */
  inference_count: number;
  /** Runs, each of one or more rows. */
  execution_count: number;
  inference_stats: Record<
    | 'success'
    | 'fail'
    | 'queue'
    | 'compute_input'
    | 'compute_infer'
    | 'compute_output'
    | 'cache_hit'
    | 'cache_miss',
    Duration
  >;
  batch_stats: never[];
}

/** A model version with its counters. */
interface CountedModel {
  readonly name: string;
  readonly version: string;
  readonly stats: ModelStats;
}

/**
 * The counters of models in the form of Triton's statistics extension. Inputs and outputs are not timed separately and there is
 * no cache: these are 0.
 */
export function modelStatistics(models: readonly CountedModel[]): { model_stats: ModelStatistics[] } {
  return { model_stats: models.map(statisticsOf) };
}

function statisticsOf({ name, version, stats }: CountedModel): ModelStatistics {
  const { successes, rows, runs, lastAt } = stats;
  const none = { count: 0, ns: 0 };
  return {
    name,
    version,
    last_inference: lastAt,
    inference_count: rows,
    execution_count: runs,
    inference_stats: {
      success: duration(successes, stats.request.sum),
      fail: duration(countFailures(stats), stats.failedMs),
      queue: duration(successes, stats.queue.sum),
      // Clients compare the three counts with each other and with the successes.
      compute_input: duration(successes, 0),
      compute_infer: duration(successes, stats.compute.sum),
      compute_output: duration(successes, 0),
      cache_hit: none,
      cache_miss: none,
    },
    batch_stats: [],
  };
}

function duration(count: number, milliseconds: number): Duration {
  return { count, ns: Math.round(milliseconds * 1e6) };
}
