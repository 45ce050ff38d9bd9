/** Eight to a doubling: a quantile is told to within 9 %. */
const PER_DOUBLING = 8;
/** Up to 2^32 microseconds, more than an hour. */
const BUCKETS = 32 * PER_DOUBLING;
/** Quantiles are of the last one to two windows, milliseconds. */
const WINDOW_MS = 30_000;

/**
 * How long something took, sums since the start and quantiles of the last half to whole minute: a count for each range of times, so that
 * a request pays a few nanoseconds.
 */
export class Latencies {
  count = 0;
  /** Milliseconds. */
  sum = 0;
  #window = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #since: number;
  readonly #now: () => number;

  /** @param now a clock in milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  add(milliseconds: number): void {
    this.count++;
    this.sum += milliseconds;
    if (this.#now() - this.#since >= WINDOW_MS) this.#turn();
    this.#window[bucketOf(milliseconds * 1000)]++;
  }

  /** @returns microseconds; NaN where nothing was counted of late */
  quantile(share: number): number {
    if (this.#now() - this.#since >= WINDOW_MS) this.#turn();
    let left = this.#window.reduce((sum, count, at) => sum + count + this.#before[at], 0) * share;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#window[bucket] + this.#before[bucket];
      left -= count;
      // The middle of the range, as times are spread over it.
      if (count > 0 && left <= 0) return 2 ** ((bucket + 0.5) / PER_DOUBLING);
    }
    return NaN;
  }

  #turn(): void {
    const now = this.#now();
    const isOld = now - this.#since >= 2 * WINDOW_MS;
    [this.#before, this.#window] = [this.#window, this.#before];
    this.#window.fill(0);
    if (isOld) this.#before.fill(0);
    this.#since = now;
  }
}

function bucketOf(microseconds: number): number {
  if (microseconds <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(microseconds) * PER_DOUBLING));
}
