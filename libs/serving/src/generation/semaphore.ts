import { clientClosedRequest, queueFull } from '../errors.ts';

/**
 * Limits the concurrent runs of closed loops; further ones are queued. A loop takes a hundred times as long as a step, so loops
 * that are all passed to the workers at once would delay steps, and run for clients that have closed their requests.
 */
export class Semaphore {
  readonly #permits: number;
  readonly #maxWaiting: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param permits usually the number of workers */
  constructor(permits: number, maxWaiting: number) {
    this.#permits = permits;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws ProtocolError 503 when too many wait */
  checkRoom(): void {
    if (this.#waiting.length >= this.#maxWaiting) throw queueFull(`${this.#maxWaiting} requests wait`);
  }

  /**
   * Runs a task once there is a permit.
   *
   * @param isGone called once there is a permit: the task of a closed request is not run
   * @throws ProtocolError 499 when the client closed the request; what the work throws
   */
  async run<Result>(isGone: () => boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#permits) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (isGone()) throw clientClosedRequest();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
