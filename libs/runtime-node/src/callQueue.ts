import type { Call } from './workerMessages.ts';

/**
 * One batch runs, one lies ready so that the worker never waits for a post. More would not run earlier, and waking a thread
 * costs more than a small run: calls that come meanwhile travel together.
 */
const BATCHES_UNDER_WAY = 2;

/** Calls on their way to the worker, in the order they came. */
export class CallQueue {
  readonly #post: (calls: Call[]) => void;
  #waiting: Call[] = [];
  #underWay = 0;
  #flushing = false;

  constructor(post: (calls: Call[]) => void) {
    this.#post = post;
  }

  /** Requests that were read in one turn of the event loop leave together: `setImmediate` comes after all of them. */
  add(call: Call): void {
    this.#waiting.push(call);
    if (this.#flushing || this.#underWay >= BATCHES_UNDER_WAY) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** The worker has answered all calls of one batch. */
  batchDone(): void {
    this.#underWay--;
    this.#flush();
  }

  /** The worker is gone, and what was under way with it. */
  clear(): void {
    this.#waiting = [];
    this.#underWay = 0;
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#underWay >= BATCHES_UNDER_WAY) return;
    const calls = this.#waiting;
    this.#waiting = [];
    this.#underWay++;
    this.#post(calls);
  }
}
