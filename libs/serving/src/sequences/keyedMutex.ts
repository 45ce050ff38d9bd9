import { queueFull } from '../errors.ts';

/** A mutex per key: tasks of one key run in the order of the calls, tasks of different keys concurrently. */
export class KeyedMutex {
  readonly #maxWaiting: number;
  /** Settles with the last call so far, by key. */
  readonly #tails = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** @param maxWaiting maximum number of waiting calls */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs a task once all earlier calls for these keys have settled.
   *
   * @throws ProtocolError 503 when too many calls wait; errors of the task
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
