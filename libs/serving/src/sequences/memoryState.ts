import { SharedByteBudget } from '@onda/contract';
import type { ByteBudget } from '@onda/contract';
import { replaceAnswer } from './keptAnswers.ts';
import { LinkedList } from './linkedList.ts';
import type { ListNode } from './linkedList.ts';
import { reasons, tooManySequences } from './sequenceErrors.ts';
import { clientOfKey, countsOf } from './sequenceStore.ts';
import type {
  Change,
  EndedSequence,
  LastStep,
  LiveSequence,
  SequenceCounts,
  SequenceLimits,
  SequenceStore,
  Soon,
  Swap,
} from './sequenceStore.ts';

/** Maximum sequences that one sweep expires: a million that expire at once must not delay requests. */
const MOST_A_SWEEP = 10_000;
/** Maximum number of ended sequences that are kept; a further one evicts the oldest. */
const MOST_ENDED = 65_536;
/** Bytes of all kept responses of one model. */
const ANSWER_BYTES = 256 * 1024 * 1024;
/** Rows of one block: 128 KiB for a network of 32 units. */
const BLOCK_ROWS = 1024;

/** Rows of equal size in few large arrays: a million small arrays would take more memory than their contents. */
class RowSlab {
  readonly #rowSize: number;
  #block = new Int32Array(0);
  #used = BLOCK_ROWS;
  readonly #free: Int32Array[] = [];
  /** Rows that are taken. */
  taken = 0;

  /** @param rowSize words of one row */
  constructor(rowSize: number) {
    this.#rowSize = rowSize;
  }

  /** A row with arbitrary contents. */
  take(): Int32Array {
    this.taken++;
    const row = this.#free.pop();
    if (row) return row;
    if (this.#used === BLOCK_ROWS) {
      this.#block = new Int32Array(BLOCK_ROWS * this.#rowSize);
      this.#used = 0;
    }
    const from = this.#used++ * this.#rowSize;
    return this.#block.subarray(from, from + this.#rowSize);
  }

  give(row: Int32Array): void {
    this.taken--;
    this.#free.push(row);
  }
}

class Live implements LiveSequence {
  readonly kind = 'live';
  readonly key: string;
  readonly version: string;
  readonly row: Int32Array;
  readonly slab: RowSlab;
  readonly counts: SequenceCounts;
  steps = 0;
  samples = 0;
  last: LastStep | undefined;
  expiresInMs = 0;
  /** Times of the first and the last step, milliseconds of the store's clock. */
  readonly startedAt: number;
  usedAt: number;
  /** A step is running. */
  pinned = false;
  inUseOrder: ListNode<Live> | undefined;
  inStartOrder: ListNode<Live> | undefined;

  constructor(key: string, version: string, slab: RowSlab, counts: SequenceCounts, now: number) {
    this.key = key;
    this.version = version;
    this.slab = slab;
    this.row = slab.take();
    this.counts = counts;
    this.startedAt = now;
    this.usedAt = now;
  }
}

interface Ended extends EndedSequence {
  readonly key: string;
  readonly at: number;
}

/** The sequences of one model in this process's memory. Every method is synchronous, so each call sees a consistent state. */
export class MemoryState implements SequenceStore {
  limits: SequenceLimits;
  readonly failures = 0;
  readonly #now: () => number;
  readonly #live = new Map<string, Live>();
  /** Ordered by last and by first step: expired sequences are at the front of one of the lists. */
  readonly #byUse = new LinkedList<Live>();
  readonly #byStart = new LinkedList<Live>();
  /** Number of sequences whose first step is running; their slots are reserved. */
  #starting = 0;
  /** Number of sequences of each client, including starting ones. */
  readonly #ofClient = new Map<string, number>();
  readonly #ended = new Map<string, ListNode<Ended>>();
  /** Ordered by the time of their end. */
  readonly #byEnd = new LinkedList<Ended>();
  /** By row size: versions may differ in it. */
  readonly #slabs = new Map<number, RowSlab>();
  readonly #counts = new Map<string, SequenceCounts>();
  readonly #answers: ByteBudget;

  /**
   * @param now     a monotonic clock in milliseconds
   * @param answers of the answers kept for retries
   */
  constructor(
    limits: SequenceLimits,
    now: () => number = () => performance.now(),
    answers: ByteBudget = new SharedByteBudget(ANSWER_BYTES),
  ) {
    this.limits = limits;
    this.#now = now;
    this.#answers = answers;
  }

  /** Live sequences. */
  get size(): number {
    return this.#live.size;
  }

  /** Number of ended sequences that are kept. */
  get remembered(): number {
    return this.#ended.size;
  }

  counts(version: string): SequenceCounts {
    return countsOf(this.#counts, version);
  }

  find(key: string): LiveSequence | EndedSequence | undefined {
    const live = this.#live.get(key);
    if (live === undefined) return this.#ended.get(key)?.item;
    live.expiresInMs = this.#leftMs(live);
    if (live.pinned || live.expiresInMs > 0) return live;
    return this.#expire(live);
  }

  pin(key: string, isNew: boolean): void {
    if (!isNew) {
      const live = this.#live.get(key);
      if (live) live.pinned = true;
      return;
    }
    const client = clientOfKey(key);
    if (this.#isFull || this.#hasShare(client)) this.#expireDue();
    if (this.#isFull) throw tooManySequences(this.limits);
    if (this.#hasShare(client)) throw tooManySequences(this.limits, true);
    this.#starting++;
    this.#count(client, 1);
  }

  unpin(key: string, isNew: boolean): void {
    if (isNew) {
      this.#starting--;
      this.#count(clientOfKey(key), -1);
      return;
    }
    const live = this.#live.get(key);
    if (live) live.pinned = false;
  }

  compareAndSwap(key: string, change: Change): Soon<Swap> {
    const known = this.#live.get(key);
    const { expectedSteps } = change;
    if ((known?.steps ?? 0) !== expectedSteps) return { kind: 'conflict' };
    if (known !== undefined && known.version !== change.expectedVersion) return { kind: 'conflict' };
    const rejection = replaceAnswer(this.#answers, clientOfKey(key), known?.last, change.last);
    if (rejection) return Promise.reject(rejection);
    if (known !== undefined) known.last = undefined;
    const live = known?.version === change.version ? known : this.#begin(key, change, known);
    live.row.set(change.row);
    live.steps = change.steps;
    live.samples = change.samples;
    live.last = change.last;
    live.usedAt = this.#now();
    if (live.inUseOrder) this.#byUse.moveToEnd(live.inUseOrder);
    if (!change.end) return { kind: 'done', expiresInMs: this.#leftMs(live) };
    live.counts.ended++;
    this.#end(live, reasons.ended);
    return { kind: 'done', expiresInMs: undefined };
  }

  sweep(): void {
    this.#expireDue();
    const until = this.#now() - this.limits.idleMs;
    let left = MOST_A_SWEEP;
    for (let oldest = this.#byEnd.first; oldest && left > 0 && oldest.item.at <= until; left--) {
      this.#forget(oldest);
      oldest = this.#byEnd.first;
    }
  }

  forget(version: string): void {
    this.#counts.delete(version);
    for (const [rowSize, slab] of this.#slabs) if (slab.taken === 0) this.#slabs.delete(rowSize);
  }

  count(version: string): number {
    return this.counts(version).live;
  }

  get #isFull(): boolean {
    return this.#live.size + this.#starting >= this.limits.most;
  }

  #hasShare(client: string): boolean {
    const { mostOfClient } = this.limits;
    return mostOfClient !== undefined && (this.#ofClient.get(client) ?? 0) >= mostOfClient;
  }

  #count(client: string, more: number): void {
    if (this.limits.mostOfClient === undefined) return;
    const count = (this.#ofClient.get(client) ?? 0) + more;
    if (count > 0) this.#ofClient.set(client, count);
    else this.#ofClient.delete(client);
  }

  #begin(key: string, { version, row }: Change, replaced: Live | undefined): Live {
    if (replaced) this.#remove(replaced);
    let slab = this.#slabs.get(row.length);
    if (slab === undefined) {
      slab = new RowSlab(row.length);
      this.#slabs.set(row.length, slab);
    }
    const live = new Live(key, version, slab, this.counts(version), this.#now());
    live.inUseOrder = this.#byUse.append(live);
    live.inStartOrder = this.#byStart.append(live);
    live.counts.started++;
    live.counts.live++;
    this.#count(clientOfKey(key), 1);
    const ended = this.#ended.get(key);
    if (ended) this.#forget(ended);
    this.#live.set(key, live);
    return live;
  }

  #forget(node: ListNode<Ended>): void {
    const { key, last } = node.item;
    replaceAnswer(this.#answers, clientOfKey(key), last, undefined);
    this.#ended.delete(key);
    this.#byEnd.remove(node);
  }

  #leftMs({ usedAt, startedAt }: Live): number {
    const { idleMs, ageMs } = this.limits;
    return Math.max(0, Math.floor(Math.min(usedAt + idleMs, startedAt + ageMs) - this.#now()));
  }

  /** Expires sequences in order up to the first that is not due, so the cost does not depend on the number of live ones. */
  #expireDue(): void {
    let left = MOST_A_SWEEP;
    for (const { first } of [this.#byUse, this.#byStart]) {
      let node = first;
      while (node && left-- > 0 && this.#leftMs(node.item) === 0) {
        const { item, next } = node;
        if (!item.pinned) this.#expire(item);
        node = next;
      }
    }
  }

  #expire(live: Live): EndedSequence {
    const { idleMs, ageMs } = this.limits;
    const isOld = this.#now() - live.startedAt >= ageMs;
    live.counts.expired++;
    return this.#end(live, isOld ? reasons.old(ageMs) : reasons.idle(idleMs));
  }

  #end(live: Live, why: string): EndedSequence {
    const { key, version, last } = live;
    this.#remove(live);
    const ended: Ended = { kind: 'ended', key, version, at: this.#now(), why, last };
    if (this.#ended.size >= MOST_ENDED && this.#byEnd.first) this.#forget(this.#byEnd.first);
    this.#ended.set(key, this.#byEnd.append(ended));
    return ended;
  }

  #remove(live: Live): void {
    this.#live.delete(live.key);
    if (live.inUseOrder) this.#byUse.remove(live.inUseOrder);
    if (live.inStartOrder) this.#byStart.remove(live.inStartOrder);
    live.counts.live--;
    this.#count(clientOfKey(live.key), -1);
    live.slab.give(live.row);
  }
}
