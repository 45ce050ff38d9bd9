import { queueFull } from '../errors.ts';

/** A mutex for each key: work on one key runs in the order of the calls, work on different keys runs at once. */
export class KeyedMutex {
  readonly #maxWaiting: number;
  /** Settles with the last call so far, by key. */
  readonly #tails = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** @param maxWaiting calls that may wait for an earlier one */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs work once all earlier calls for these keys have settled; at once if there is none.
   *
   * @throws ProtocolError 503 when too many calls wait; what the work throws
   */
  async run<Result>(keys: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const earlier: Promise<unknown>[] = [];
    for (const key of keys) {
      const tail = this.#tails.get(key);
      if (tail && earlier.at(-1) !== tail) earlier.push(tail);
    }
    if (earlier.length > 0 && this.#waiting >= this.#maxWaiting) {
      throw queueFull(`${this.#maxWaiting} steps wait for the step before them`);
    }
    const mine = earlier.length === 0 ? work() : this.#after(earlier, work);
    const tail = mine.catch(() => undefined);
    for (const key of keys) this.#tails.set(key, tail);
    try {
      return await mine;
    } finally {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  async #after<Result>(earlier: readonly Promise<unknown>[], work: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    await Promise.all(earlier);
    this.#waiting--;
    return work();
  }
}
