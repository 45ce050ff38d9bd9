import type { RuntimeTensor } from '@onda/runtime';
import type { RequestTrace } from '../requestTrace.ts';
import type { Tensors } from './joinTensors.ts';

/** A request that waits for a run. */
export interface WaitingRun {
  readonly feeds: Tensors;
  readonly fetches: readonly string[];
  /** Equal for requests that may be joined. */
  readonly key: string;
  readonly rows: number;
  /** Of all its inputs. */
  readonly values: number;
  /** When it came, milliseconds of the batcher's clock. */
  readonly since: number;
  /** Lower numbers are run first. */
  readonly priority: number;
  /** When it is too late to run it, on the same clock; Infinity: never. */
  readonly deadline: number;
  /** Its bits are to be those of a run of its own. */
  readonly exact: boolean;
  readonly isGone: () => boolean;
  readonly trace: RequestTrace | undefined;
  readonly resolve: (tensors: Record<string, RuntimeTensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests that wait: the lowest priority number first, among equals the oldest. */
export class BatchQueue {
  #waiting: WaitingRun[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** The one whose turn it is. */
  get first(): WaitingRun | undefined {
    return this.#waiting.at(0);
  }

  add(run: WaitingRun): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].priority > run.priority) at--;
    if (at === this.#waiting.length) this.#waiting.push(run);
    else this.#waiting.splice(at, 0, run);
  }

  /** The first time at which it is too late for one of them; Infinity: never. */
  get nextDeadline(): number {
    return this.#waiting.reduce((least, { deadline }) => Math.min(least, deadline), Infinity);
  }

  /** Rows that would leave with the first. */
  joinableRows(maxRows: number, maxValues: number): number {
    let rows = 0;
    for (const run of this.#joinable(maxRows, maxValues)) rows += run.rows;
    return rows;
  }

  /** Takes the first and those behind it that may be joined to it; the others keep their order. */
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

  /** Takes those that are not to be run any more. */
  takeOver(isOver: (run: WaitingRun) => boolean): WaitingRun[] {
    const over = new Set(this.#waiting.filter(isOver));
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
      // The first always leaves, alone if it is larger than what may be joined.
      if (run !== first && (rows + run.rows > maxRows || values + run.values > maxValues)) break;
      rows += run.rows;
      values += run.values;
      joined.push(run);
    }
    return joined;
  }
}
