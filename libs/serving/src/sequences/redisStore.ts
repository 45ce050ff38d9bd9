import { countsOf } from './sequenceStore.ts';
import type {
  Change,
  EndedSequence,
  LiveSequence,
  SequenceCounts,
  SequenceLimits,
  SequenceStore,
  Swap,
} from './sequenceStore.ts';

/**
 * The sequences of one model in Redis, standalone or a cluster: any process that serves the same file can run any step.
 *
 * If two processes step a sequence at the same time, both run the model and one write succeeds; the other gets a conflict.
 */
export abstract class RedisStore implements SequenceStore {
  limits: SequenceLimits;
  readonly #link: { readonly failures: number };
  readonly #counts = new Map<string, SequenceCounts>();

  constructor(link: { readonly failures: number }, limits: SequenceLimits) {
    this.#link = link;
    this.limits = limits;
  }

  get failures(): number {
    return this.#link.failures;
  }

  counts(version: string): SequenceCounts {
    return countsOf(this.#counts, version);
  }

  abstract find(key: string, step: number | undefined): Promise<LiveSequence | EndedSequence | undefined>;

  pin(): void {
    // A process cannot pin for others: `compareAndSwap` finds out.
  }

  unpin(): void {
    // As above.
  }

  abstract compareAndSwap(key: string, change: Change): Promise<Swap>;

  sweep(): void {
    for (const version of this.#counts.keys()) void this.count(version);
  }

  forget(version: string): void {
    this.#counts.delete(version);
  }

  async count(version: string): Promise<number> {
    const counts = this.counts(version);
    try {
      const [live, expired] = await this.countLive(version);
      counts.live = live;
      counts.expired += expired;
      return live;
    } catch {
      // The next sweep tries again, and a client that steps a sequence gets the error.
      return Infinity;
    }
  }

  /** The live sequences on a version, and how many have expired and were not counted yet. */
  protected abstract countLive(version: string): Promise<[live: number, expired: number]>;
}
