import type { RuntimeTensor } from '@onda/runtime';
import type { Tensors } from './tensorRows.ts';

/** Records the runs of a request in its trace. */
export interface RequestTrace {
  /** One run: times at which the request was queued and the run started and ended, milliseconds of `performance.now`. */
  ran(waitedFrom: number, startedAt: number, endedAt: number): void;
}

/** A request that waits for a run. */
export interface WaitingRun {
  readonly feeds: Tensors;
  readonly fetches: readonly string[];
  /** Equal for requests that may be batched. */
  readonly key: string;
  readonly rows: number;
  /** Number of values of all its inputs. */
  readonly values: number;
  /** Time at which it was queued, milliseconds of the batcher's clock. */
  readonly since: number;
  /** Lower numbers run first. */
  readonly priority: number;
  /** Deadline on the same clock; Infinity: none. */
  readonly deadline: number;
  /** Its values must be bit-identical to those of a separate run. */
  readonly exact: boolean;
  readonly isGone: () => boolean;
  readonly trace: RequestTrace | undefined;
  readonly resolve: (tensors: Record<string, RuntimeTensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** The waiting requests, ordered by priority number, then by age. */
export class BatchQueue {
  #waiting: WaitingRun[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** The next to run. */
  get first(): WaitingRun | undefined {
    return this.#waiting.at(0);
  }

  add(run: WaitingRun): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].priority > run.priority) at--;
    if (at === this.#waiting.length) this.#waiting.push(run);
    else this.#waiting.splice(at, 0, run);
  }

  /** The earliest deadline; Infinity without any. */
  get nextDeadline(): number {
    return this.#waiting.reduce((least, { deadline }) => Math.min(least, deadline), Infinity);
  }

  /** Rows that can be batched with the first, its own included. */
  joinableRows(maxRows: number, maxValues: number): number {
    let rows = 0;
    for (const run of this.#joinable(maxRows, maxValues)) rows += run.rows;
    return rows;
  }

  /** Takes the first and those that may be batched with it; the others keep their order. */
  take(maxRows: number, maxValues: number): WaitingRun[] {
    const taken = this.#joinable(maxRows, maxValues);
    if (taken.length === this.#waiting.length) {
      this.#waiting = [];
    } else {
      const gone = new Set(taken);
      this.#waiting = this.#waiting.filter((run) => !gone.has(run));
    }
    return taken;
  }

  /** Removes and returns the matching requests. */
  removeWhere(matches: (run: WaitingRun) => boolean): WaitingRun[] {
    const over = new Set(this.#waiting.filter(matches));
    if (over.size > 0) this.#waiting = this.#waiting.filter((run) => !over.has(run));
    return [...over];
  }

  #joinable(maxRows: number, maxValues: number): WaitingRun[] {
    const joined: WaitingRun[] = [];
    const first = this.first;
    let rows = 0;
    let values = 0;
    for (const run of this.#waiting) {
      if (run.key !== first?.key) continue;
      // The first always runs, alone if it exceeds the maximum batch.
      if (run !== first && (rows + run.rows > maxRows || values + run.values > maxValues)) break;
      rows += run.rows;
      values += run.values;
      joined.push(run);
    }
    return joined;
  }
}
