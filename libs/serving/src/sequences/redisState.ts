import type { RedisLink } from './redisLink.ts';
import { packLast, readRecord, rowBytes } from './redisRecord.ts';
import { RedisStore } from './redisStore.ts';
import { reasons } from './sequenceErrors.ts';
import { clientOfKey } from './sequenceStore.ts';
import type { Change, EndedSequence, LiveSequence, SequenceLimits, Swap } from './sequenceStore.ts';

/** The sequences of one model in a standalone Redis. */
export class RedisState extends RedisStore {
  readonly #link: RedisLink;
  readonly #prefix: string;

  /** @param name of the model */
  constructor(link: RedisLink, name: string, limits: SequenceLimits) {
    super(link, limits);
    this.#link = link;
    this.#prefix = `onda:{${name}}`;
  }

  override async find(
    key: string,
    step: number | undefined,
  ): Promise<LiveSequence | EndedSequence | undefined> {
    const reply = await this.#link.call((redis) => redis.ondaFindBuffer(1, this.#sequence(key), step ?? 0));
    return readRecord(reply, this.limits);
  }

  override async compareAndSwap(key: string, change: Change): Promise<Swap> {
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

  protected override countLive(version: string): Promise<[live: number, expired: number]> {
    return this.#link.call((redis) => redis.ondaSweep(2, `${this.#prefix}:live`, this.#liveOn(version)));
  }

  #sequence(key: string): string {
    return `${this.#prefix}:sequence:${key}`;
  }

  #liveOn(version: string): string {
    return `${this.#prefix}:live:${version}`;
  }
}
