export interface CircuitOptions {
  /** Failures one after the other that open it. */
  failures: number;
  /** How long it stays open before one call may try again, milliseconds. */
  openMs: number;
}

export const circuitStates = ['closed', 'half-open', 'open'] as const;
export type CircuitState = (typeof circuitStates)[number];

/**
 * Keeps callers from waiting for what does not answer: after some failures it is open, and calls are refused at once. After a
 * while one may try; if it succeeds all may, else all wait again.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  readonly #now: () => number;
  #failures = 0;
  #triesAt = 0;

  /** @param now a clock in milliseconds that never goes back */
  constructor(options: CircuitOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** Half-open once it is time to try; while one tries the others are refused. */
  get state(): CircuitState {
    if (this.#failures < this.#options.failures) return 'closed';
    return this.#now() < this.#triesAt ? 'open' : 'half-open';
  }

  /** Whether a call may be made; the one that tries holds the others back until it has ended. */
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
