import { Latencies } from './latencies.ts';

/** Why a request failed, in Triton's words. */
export const failureReasons = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'] as const;
export type FailureReason = (typeof failureReasons)[number];

/** How many joined runs had up to so many rows; the last bucket takes the rest. */
export const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/** Milliseconds up to the first event of a stream; Triton's four, and finer ones below, since nets of this size answer sooner. */
export const firstResponseBuckets = [1, 2, 5, 10, 50, 100, 500, 2000, 5000] as const;

/**
 * What one model has done since the start: plain numbers, since they change on every request and are read once in a while.
 *
 * Times are milliseconds, summed over requests as Triton sums them.
 */
export class ModelStats {
  successes = 0;
  readonly failures: Record<FailureReason, number> = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  /** Rows that were run. */
  rows = 0;
  /** Runs of the model: `rows / runs` is the mean batch. */
  runs = 0;
  /** Of requests that succeeded: from decoding to the encoded answer. */
  readonly request = new Latencies();
  /** Of runs: how long they waited, and how long they took. */
  readonly queue = new Latencies();
  readonly compute = new Latencies();
  failedMs = 0;
  /** When the last request succeeded, milliseconds since 1970; 0: none has. */
  lastAt = 0;
  /** Requests that are under way: a version that was taken away is freed once there are none. */
  active = 0;
  /** Closed loops that run, or will: a request of one version may be about a sequence of another, where it is not counted. */
  generating = 0;
  /** Requests that wait for a run. */
  pending = 0;
  readonly batches: number[] = [...batchBuckets, Infinity].map(() => 0);
  /** Sequences that were given away as documents, and taken as such. */
  exported = 0;
  imported = 0;
  /** Streams by the time up to their first event; the last bucket takes what is above all. */
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

/** Requests that failed, for whatever reason. */
export function countFailures({ failures }: ModelStats): number {
  return failureReasons.reduce((sum, reason) => sum + failures[reason], 0);
}
