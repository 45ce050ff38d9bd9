import type { RedisLink } from './redisLink.ts';
import { packLast, readRecord, rowBytes } from './redisRecord.ts';
import { reasons } from './sequenceErrors.ts';
import { clientOfKey, countsOf } from './sequenceStore.ts';
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
 * The sequences of one model in Redis: any process that serves the same file can run any step.
 *
 * If two processes step a sequence at the same time, both run the model and one write succeeds; the other gets a conflict.
 */
export class RedisState implements SequenceStore {
  limits: SequenceLimits;
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #counts = new Map<string, SequenceCounts>();

  /** @param name of the model */
  constructor(link: RedisLink, name: string, limits: SequenceLimits) {
    this.#link = link;
    this.#prefix = `onda:{${name}}`;
    this.limits = limits;
  }

  get failures(): number {
    return this.#link.failures;
  }

  counts(version: string): SequenceCounts {
    return countsOf(this.#counts, version);
  }

  async find(key: string, step: number | undefined): Promise<LiveSequence | EndedSequence | undefined> {
    const reply = await this.#link.call((redis) => redis.ondaFindBuffer(1, this.#sequence(key), step ?? 0));
    return readRecord(reply, this.limits);
  }

  pin(): void {
    // A process cannot pin for others: `compareAndSwap` finds out.
  }

  unpin(): void {
    // As above.
  }

  async compareAndSwap(key: string, change: Change): Promise<Swap> {
    const { most, idleMs, ageMs, mostOfClient = 0 } = this.limits;
    const { expectedSteps, expectedVersion, version, steps, samples, row, last, end } = change;
    const [answer, bytes] = [packLast(last), rowBytes(row)];
    const [kind, left, expired] = await this.#link.call((redis) =>
      redis.ondaSwap(
        5,
        this.#sequence(key),
        `${this.#prefix}:live`,
        this.#liveOn(version),
        this.#liveOn(expectedVersion),
        `${this.#prefix}:client:${clientOfKey(key)}`,
        key,
        expectedSteps,
        expectedVersion,
        version,
        steps,
        samples,
        bytes,
        answer,
        end ? reasons.ended : '',
        most,
        idleMs,
        ageMs,
        mostOfClient,
      ),
    );
    const counts = this.counts(version);
    counts.expired += expired;
    if (kind === 'full' || kind === 'share') return { kind: 'full', ofClient: kind === 'share' };
    if (kind !== 'done') return { kind: 'conflict' };
    if (expectedSteps === 0 || expectedVersion !== version) counts.started++;
    if (end) counts.ended++;
    return { kind: 'done', expiresInMs: end ? undefined : left };
  }

  sweep(): void {
    for (const version of this.#counts.keys()) void this.count(version);
  }

  forget(version: string): void {
    this.#counts.delete(version);
  }

  async count(version: string): Promise<number> {
    const counts = this.counts(version);
    try {
      const [live, expired] = await this.#link.call((redis) =>
        redis.ondaSweep(2, `${this.#prefix}:live`, this.#liveOn(version)),
      );
      counts.live = live;
      counts.expired += expired;
      return live;
    } catch {
      // The next sweep tries again, and a client that steps a sequence gets the error.
      return Infinity;
    }
  }

  #sequence(key: string): string {
    return `${this.#prefix}:sequence:${key}`;
  }

  #liveOn(version: string): string {
    return `${this.#prefix}:live:${version}`;
  }
}
