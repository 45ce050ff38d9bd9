import { ErrorCode } from './errorCodes.ts';
import { ConnectionError } from './http2Errors.ts';

/** How often something may come: so many at once, and so many a second for long. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** A client that cancels calls does so now and then; one that does nothing else makes us begin work for nothing. */
const resets: Allowance = { burst: 1000, perSecond: 100 };

/** Frames that are to be answered or looked at and bring no call on: PING, SETTINGS, PRIORITY, empty DATA, unknown ones. */
const idleFrames: Allowance = { burst: 2000, perSecond: 1000 };

/** Counts the frames of a connection that cost us something and bring its client nothing. */
export class FloodGuard {
  readonly #resets: Bucket;
  readonly #idle: Bucket;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#resets = new Bucket(resets, now);
    this.#idle = new Bucket(idleFrames, now);
  }

  /** @throws ConnectionError for streams that are reset too often, by the client or for its faults */
  countReset(): void {
    this.#resets.take('streams were reset');
  }

  /** @throws ConnectionError */
  countIdle(): void {
    this.#idle.take('frames came that bring no call on');
  }
}

class Bucket {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  #left: number;
  #at: number;

  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#left = allowance.burst;
    this.#at = now();
  }

  take(what: string): void {
    if (--this.#left >= 0) return;
    const { burst, perSecond } = this.#allowance;
    const now = this.#now();
    this.#left = Math.min(burst, ((now - this.#at) / 1000) * perSecond) - 1;
    this.#at = now;
    if (this.#left < 0) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `more ${what} than ${burst} at once or ${perSecond} a second`,
      );
    }
  }
}
