import { AccessError } from './accessError.ts';

export interface ClientLimitOptions {
  /** Requests a second that one client may send for long; undefined: as many as it likes. */
  rate: number | undefined;
  /** Requests of one client that may be under way; undefined: as many as it likes. */
  concurrent: number | undefined;
}

interface Usage {
  /** Requests it may still send at once. */
  left: number;
  /** When `left` was true, milliseconds. */
  at: number;
  underWay: number;
}

/** Clients that are remembered; beyond it, those that have used nothing lately are forgotten. */
const MOST_CLIENTS = 10_000;

/**
 * What each client uses: a bucket that fills at `rate` and holds one second's worth, and a count of what is under way.
 */
export class ClientLimits {
  readonly #options: ClientLimitOptions;
  readonly #now: () => number;
  readonly #clients = new Map<string, Usage>();

  /** @param now a clock in milliseconds that never goes back */
  constructor(options: ClientLimitOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Counts a request in.
   *
   * @returns counts it out; to be called once
   * @throws AccessError 429 with the seconds to wait
   */
  enter(client: string): () => void {
    const { concurrent } = this.#options;
    const usage = this.#usageOf(client);
    if (concurrent !== undefined && usage.underWay >= concurrent) {
      throw new AccessError(
        'too-many',
        `${concurrent} requests of this client are under way already, as many as it may have; wait for an answer`,
        { 'retry-after': '1' },
      );
    }
    this.#take(usage);
    usage.underWay++;
    return () => usage.underWay--;
  }

  /**
   * Counts a message of a stream that is in already.
   *
   * @returns how long to wait before it is read, milliseconds: a stream is held back, since to refuse would cut it off
   */
  delayMs(client: string): number {
    const { rate } = this.#options;
    if (rate === undefined) return 0;
    const usage = this.#usageOf(client);
    this.#fill(usage, rate);
    usage.left--;
    return Math.max(0, (-usage.left / rate) * 1000);
  }

  #take(usage: Usage): void {
    const { rate } = this.#options;
    if (rate === undefined) return;
    this.#fill(usage, rate);
    if (usage.left < 1) {
      const seconds = (1 - usage.left) / rate;
      throw new AccessError(
        'too-many',
        `this client may send ${rate} requests a second, and sent more; wait ${seconds.toFixed(2)} seconds`,
        { 'retry-after': String(Math.ceil(seconds)) },
      );
    }
    usage.left--;
  }

  #fill(usage: Usage, rate: number): void {
    const now = this.#now();
    usage.left = Math.min(Math.max(1, rate), usage.left + ((now - usage.at) / 1000) * rate);
    usage.at = now;
  }

  #usageOf(client: string): Usage {
    const known = this.#clients.get(client);
    if (known) return known;
    if (this.#clients.size >= MOST_CLIENTS) this.#forgetIdle();
    const usage = { left: Math.max(1, this.#options.rate ?? 1), at: this.#now(), underWay: 0 };
    this.#clients.set(client, usage);
    return usage;
  }

  /** Who has used nothing for a second has a full bucket, which is what a newcomer gets. */
  #forgetIdle(): void {
    const since = this.#now() - 1000;
    for (const [client, { at, underWay }] of this.#clients) {
      if (underWay === 0 && at < since) this.#clients.delete(client);
    }
  }
}
