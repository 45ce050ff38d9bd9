import { tooManyWait } from '../tooManyWait.ts';

/** Keeps the steps of one sequence in the order they came; steps of different sequences do not wait for one another. */
export class Turns {
  readonly #most: number;
  /** The end of the last step that was asked for, by sequence. */
  readonly #ends = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** @param most calls that may wait for their turn */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether nothing is done or waited for. */
  get idle(): boolean {
    return this.#ends.size === 0;
  }

  /** The end of all that was asked for so far of a sequence, however it ended. */
  async settled(id: string): Promise<void> {
    await this.#ends.get(id);
  }

  /**
   * Does some work once all that was asked for before it is done for these sequences, however it ended. When nothing was, it
   * begins at once.
   *
   * @throws ProtocolError 503 when too many wait; what the work throws
   */
  async take<Result>(ids: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const before: Promise<unknown>[] = [];
    for (const id of ids) {
      const end = this.#ends.get(id);
      if (end && before.at(-1) !== end) before.push(end);
    }
    if (before.length > 0 && this.#waiting >= this.#most) {
      throw tooManyWait(`${this.#most} steps wait for the step before them`);
    }
    const mine = before.length === 0 ? work() : this.#after(before, work);
    const end = mine.catch(() => undefined);
    for (const id of ids) this.#ends.set(id, end);
    try {
      return await mine;
    } finally {
      for (const id of ids) if (this.#ends.get(id) === end) this.#ends.delete(id);
    }
  }

  async #after<Result>(before: readonly Promise<unknown>[], work: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    await Promise.all(before);
    this.#waiting--;
    return work();
  }
}
