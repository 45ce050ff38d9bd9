import { ProtocolError } from '@onda/protocol';
import type { ClusterLink } from './clusterLink.ts';
import { isReplyError } from './redisClient.ts';
import { packLast, readRecord, rowBytes } from './redisRecord.ts';
import { RedisStore } from './redisStore.ts';
import { reasons } from './sequenceErrors.ts';
import { clientOfKey } from './sequenceStore.ts';
import type { Change, EndedSequence, LiveSequence, SequenceLimits, Swap } from './sequenceStore.ts';

/** Duration of a lease in idle timeouts: a sequence that is stepped all the time renews its lease twice in each. */
const LEASE_TIMEOUTS = 1.5;
/** Leases expire at multiples of this part of the idle timeout, so that they are counted in few numbers. */
const LEASE_STEP = 1 / 8;

type Lease = { readonly kind: 'done'; readonly lease: number } | Extract<Swap, { kind: 'full' }>;

/**
 * The sequences of one model in a Redis Cluster. The record of a sequence has a hash tag of its own, so that the sequences of a model are
 * on all nodes. The model's counts are on one node: leases (see clusterScripts.ts), which are taken at a start, renewed twice in
 * an idle timeout and released at the end; other steps do not touch them.
 */
export class ClusterState extends RedisStore {
  readonly #link: ClusterLink;
  readonly #name: string;
  readonly #leases: string;

  /** @param name of the model */
  constructor(link: ClusterLink, name: string, limits: SequenceLimits) {
    super(link, limits);
    this.#link = link;
    this.#name = name;
    this.#leases = `onda:leases:{${name}}`;
  }

  override async find(
    key: string,
    step: number | undefined,
  ): Promise<LiveSequence | EndedSequence | undefined> {
    const record = this.#sequence(key);
    const { result } = await this.#link.call(record, (redis) => redis.ondaFindBuffer(1, record, step ?? 0));
    return readRecord(result, this.limits);
  }

  override async compareAndSwap(key: string, change: Change): Promise<Swap> {
    const { expectedSteps, expectedVersion, version, end } = change;
    // Copied before anything is awaited.
    const bytes = { row: rowBytes(change.row), last: packLast(change.last) };
    const starts = expectedSteps === 0 || expectedVersion !== version;
    let lease = 0;
    if (starts) {
      const taken = await this.#lease(key, version, true);
      if (taken.kind === 'full') return taken;
      lease = taken.lease;
    }
    let swap = await this.#swap(key, change, bytes, lease);
    if (swap.kind === 'lease') {
      const taken = await this.#lease(key, version, false);
      if (taken.kind === 'full') return taken;
      lease = taken.lease;
      swap = await this.#swap(key, change, bytes, lease);
    }
    if (swap.kind !== 'done') {
      this.#release(key, version, lease);
      return { kind: 'conflict' };
    }
    this.#release(key, swap.returnedVersion, swap.returned);
    if (end) this.#release(key, version, lease);
    const counts = this.counts(version);
    if (starts) counts.started++;
    if (end) counts.ended++;
    await swap.replicated();
    return { kind: 'done', expiresInMs: end ? undefined : swap.left };
  }

  protected override async countLive(version: string): Promise<[live: number, expired: number]> {
    const [, ofVersion] = this.#leaseKeys('', version);
    const { result } = await this.#link.call(ofVersion, (redis) => redis.ondaCountLeases(1, ofVersion));
    return result;
  }

  /**
   * @param lease that was taken for this change; 0: none
   * @throws ProtocolError; the lease is released if nothing was changed
   */
  async #swap(
    key: string,
    { expectedSteps, expectedVersion, version, steps, samples, end }: Change,
    { row, last }: { readonly row: Buffer; readonly last: Buffer | string },
    lease: number,
  ): Promise<{
    kind: string;
    left: number;
    returned: number;
    returnedVersion: string;
    replicated: () => Promise<void>;
  }> {
    const record = this.#sequence(key);
    const { idleMs, ageMs } = this.limits;
    try {
      const { result, node } = await this.#link.call(record, (redis) =>
        redis.ondaClusterSwap(
          1,
          record,
          expectedSteps,
          expectedVersion,
          version,
          steps,
          samples,
          row,
          last,
          end ? reasons.ended : '',
          idleMs,
          ageMs,
          lease,
        ),
      );
      const [kind, left, returned, returnedVersion] = result;
      const replicated = (): Promise<void> => this.#link.replicate(record, node);
      return { kind, left, returned, returnedVersion, replicated };
    } catch (error) {
      // Without a reply the change may have been made; then the lease expires by itself.
      if (isUnchanged(error)) this.#release(key, version, lease);
      throw error;
    }
  }

  /** @param isNew whether the limits apply: a renewal is counted already */
  async #lease(key: string, version: string, isNew: boolean): Promise<Lease> {
    const { most, idleMs, ageMs, mostOfClient = 0 } = this.limits;
    const keys = this.#leaseKeys(key, version);
    const { result, node } = await this.#link.call(keys[0], (redis) =>
      redis.ondaLease(
        keys.length,
        ...keys,
        Math.ceil(Math.min(LEASE_TIMEOUTS * idleMs, Math.max(ageMs, idleMs))),
        Math.ceil(LEASE_STEP * idleMs),
        isNew ? most : 0,
        mostOfClient,
      ),
    );
    const [kind, lease, expired] = result;
    this.counts(version).expired += expired;
    if (kind !== 'done') return { kind: 'full', ofClient: kind === 'share' };
    await this.#link.replicate(keys[0], node);
    return { kind: 'done', lease };
  }

  /** Not awaited: a lease that is not released expires. */
  #release(key: string, version: string, lease: number): void {
    if (lease === 0) return;
    const keys = this.#leaseKeys(key, version);
    this.#link
      .call(keys[0], (redis) => redis.ondaRelease(keys.length, ...keys, lease))
      .catch(() => undefined);
  }

  #sequence(key: string): string {
    return `onda:sequence:{${this.#name}/${key}}`;
  }

  #leaseKeys(key: string, version: string): string[] {
    const keys = [this.#leases, `${this.#leases}:version:${version}`];
    if (this.limits.mostOfClient !== undefined) keys.push(`${this.#leases}:client:${clientOfKey(key)}`);
    return keys;
  }
}

/** Whether Redis refused a change; it was not made then. */
function isUnchanged(error: unknown): boolean {
  return error instanceof ProtocolError && isReplyError(error.cause);
}
