export interface CircuitOptions {
  /** Consecutive failures that open it. */
  failures: number;
  /** Time that it stays open before one test call, milliseconds. */
  openMs: number;
}

export const circuitStates = ['closed', 'half-open', 'open'] as const;
export type CircuitState = (typeof circuitStates)[number];

/**
 * A circuit breaker: after several consecutive failures it opens, and calls are rejected at once. After a while one test call is
 * admitted; if it succeeds the circuit closes, otherwise it stays open.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  readonly #now: () => number;
  #failures = 0;
  #triesAt = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(options: CircuitOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** Half-open once a test call is due. */
  get state(): CircuitState {
    if (this.#failures < this.#options.failures) return 'closed';
    return this.#now() < this.#triesAt ? 'open' : 'half-open';
  }

  /** Whether a call is admitted; during a test call the others are rejected. */
  admits(): boolean {
    if (this.#failures < this.#options.failures) return true;
    const now = this.#now();
    if (now < this.#triesAt) return false;
    this.#triesAt = now + this.#options.openMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
    this.#triesAt = this.#now() + this.#options.openMs;
  }
}
