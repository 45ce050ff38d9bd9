import { clientGone } from '../clientGone.ts';
import { limits } from '../limits.ts';
import { tooManyWait } from '../tooManyWait.ts';

/**
 * Lets so many closed loops run at a time; the others wait in the order they came. A worker does one thing after the other, and a loop
 * takes a hundred times as long as a step: all of them handed over at once would keep steps waiting until the last is done, and run
 * for clients that have long gone.
 */
export class RunGate {
  readonly #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param most as many as there are workers, so that none rests */
  constructor(most: number) {
    this.#most = most;
  }

  /** @throws ProtocolError 503 when too many wait already */
  checkRoom(): void {
    if (this.#waiting.length >= limits.pending) throw tooManyWait(`${limits.pending} requests wait`);
  }

  /**
   * Does some work when its turn comes.
   *
   * @param isGone asked then: what nobody waits for is not done
   * @throws ProtocolError 499 when the client has gone; what the work throws
   */
  async run<Result>(isGone: () => boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#most) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (isGone()) throw clientGone();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
