import { ConnectionError, ErrorCode } from './frames.ts';

/** A token bucket: `burst` at once, `perSecond` sustained. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** Streams that the client resets, or makes the server reset: the work on them is wasted. */
const resets: Allowance = { burst: 1000, perSecond: 100 };

/** Frames that cost work and advance no call: PING, SETTINGS, PRIORITY, empty DATA, unknown types, needless WINDOW_UPDATE. */
const overhead: Allowance = { burst: 2000, perSecond: 1000 };

/** WINDOW_UPDATE frames that a sent DATA frame or a new stream justifies: one for the stream, one for the connection. */
const UPDATES_EARNED = 2;

/** WINDOW_UPDATE frames that can be saved up. */
const MAX_EARNED = 10_000;

/** Bounds the frames of one connection that cost the server work without advancing a call. */
export class FloodGuard {
  readonly #resets: TokenBucket;
  readonly #overhead: TokenBucket;
  #earnedUpdates = 0;

  /** @param now monotonic clock, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#resets = new TokenBucket(resets, now);
    this.#overhead = new TokenBucket(overhead, now);
  }

  /** @throws ConnectionError */
  countReset(): void {
    this.#resets.take(1, 'stream resets');
  }

  /**
   * @param cost work of the frame, in frames of constant cost
   * @throws ConnectionError
   */
  countOverhead(cost = 1): void {
    this.#overhead.take(cost, 'frames that advance no call');
  }

  /** @throws ConnectionError */
  countWindowUpdate(): void {
    if (this.#earnedUpdates > 0) this.#earnedUpdates--;
    else this.countOverhead();
  }

  /** Called for each new stream and each DATA frame sent. */
  earnWindowUpdates(): void {
    if (this.#earnedUpdates < MAX_EARNED) this.#earnedUpdates += UPDATES_EARNED;
  }
}

class TokenBucket {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;

  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#tokens = allowance.burst;
    this.#refilledAt = now();
  }

  take(cost: number, name: string): void {
    this.#tokens -= cost;
    if (this.#tokens >= 0) return;
    const { burst, perSecond } = this.#allowance;
    const now = this.#now();
    this.#tokens = Math.min(burst, ((now - this.#refilledAt) / 1000) * perSecond) - cost;
    this.#refilledAt = now;
    if (this.#tokens < 0) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `too many ${name}: more than ${burst} at once or ${perSecond} per second`,
      );
    }
  }
}
