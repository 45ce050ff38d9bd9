import type { RuntimeTensor } from '@onda/runtime';
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
  /** When it came, milliseconds of `performance.now`. */
  readonly since: number;
  readonly isGone: () => boolean;
  readonly resolve: (tensors: Record<string, RuntimeTensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests that wait, oldest first. */
export class BatchQueue {
  #waiting: WaitingRun[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  get oldest(): WaitingRun | undefined {
    return this.#waiting.at(0);
  }

  add(run: WaitingRun): void {
    this.#waiting.push(run);
  }

  /** Rows that would leave with the oldest. */
  joinableRows(maxRows: number, maxValues: number): number {
    let rows = 0;
    for (const run of this.#joinable(maxRows, maxValues)) rows += run.rows;
    return rows;
  }

  /** Takes the oldest and those behind it that may be joined to it; the others keep their order. */
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

  /** Takes those whose client has gone. */
  takeGone(): WaitingRun[] {
    const gone = this.#waiting.filter((run) => run.isGone());
    if (gone.length > 0) this.#waiting = this.#waiting.filter((run) => !gone.includes(run));
    return gone;
  }

  #joinable(maxRows: number, maxValues: number): WaitingRun[] {
    const joined: WaitingRun[] = [];
    const oldest = this.oldest;
    let rows = 0;
    let values = 0;
    for (const run of this.#waiting) {
      if (run.key !== oldest?.key) continue;
      // The oldest always leaves, alone if it is larger than what may be joined.
      if (run !== oldest && (rows + run.rows > maxRows || values + run.values > maxValues)) break;
      rows += run.rows;
      values += run.values;
      joined.push(run);
    }
    return joined;
  }
}
