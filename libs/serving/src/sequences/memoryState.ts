import { clientOfId } from './sequenceScope.ts';
import { Order } from './order.ts';
import type { Place } from './order.ts';
import { RetryMemory } from './retryMemory.ts';
import { reasons, tooManySequences } from './sequenceErrors.ts';
import type {
  Change,
  GoneSequence,
  Kept,
  LastStep,
  LiveSequence,
  SequenceLimits,
  SequenceState,
  Soon,
} from './sequenceState.ts';
import { StateSlab } from './stateSlab.ts';

/** Sequences that one look forgets at most: when the clients of a million leave at once, nobody else is to wait for it. */
const MOST_A_LOOK = 10_000;

/** The orders that live sequences stand in. */
interface Orders {
  /** By their last step. */
  readonly byUse: Order<Live>;
  /** By their first. */
  readonly byStart: Order<Live>;
}

class Live implements LiveSequence {
  readonly kind = 'live';
  readonly id: string;
  readonly row: Int32Array;
  steps = 0;
  samples = 0;
  last: LastStep | undefined;
  expiresInMs = 0;
  /** When its first step was done and its last one, milliseconds of the store's clock. */
  readonly startedAt: number;
  usedAt: number;
  /** A step is running for it. */
  held = false;
  readonly used: Place<Live>;
  readonly begun: Place<Live>;

  constructor(id: string, row: Int32Array, now: number, { byUse, byStart }: Orders) {
    this.id = id;
    this.row = row;
    this.startedAt = now;
    this.usedAt = now;
    this.used = byUse.add(this);
    this.begun = byStart.add(this);
  }
}

interface Gone extends GoneSequence {
  readonly at: number;
}

/** The sequences of one model, in this process's memory. Nothing in here waits, so that each call sees them whole. */
export class MemoryState implements SequenceState {
  readonly limits: SequenceLimits;
  started = 0;
  ended = 0;
  expired = 0;
  readonly failures = 0;
  readonly #now: () => number;
  readonly #rows: StateSlab;
  readonly #live = new Map<string, Live>();
  /** Those that are due stand first in one of both, so that nobody has to look through all. */
  readonly #orders: Orders = { byUse: new Order(), byStart: new Order() };
  /** Sequences whose first step is running: they have their place already. */
  #starting = 0;
  /** Of each client, those that are starting included. */
  readonly #ofClient = new Map<string, number>();
  readonly #gone = new Map<string, Gone>();
  readonly #retries: RetryMemory;

  /**
   * @param rowSize words of one sequence's row
   * @param now     a clock in milliseconds that never goes back
   */
  constructor(limits: SequenceLimits, rowSize: number, now: () => number = () => performance.now()) {
    this.limits = limits;
    this.#rows = new StateSlab(rowSize);
    this.#retries = new RetryMemory(limits, rowSize);
    this.#now = now;
  }

  get size(): number {
    return this.#live.size;
  }

  find(id: string): LiveSequence | GoneSequence | undefined {
    const live = this.#live.get(id);
    if (live === undefined) return this.#gone.get(id);
    live.expiresInMs = this.#leftMs(live);
    if (live.held || live.expiresInMs > 0) return live;
    return this.#expire(live);
  }

  hold(id: string, isNew: boolean): void {
    if (!isNew) {
      const live = this.#live.get(id);
      if (live) live.held = true;
      return;
    }
    const client = clientOfId(id);
    if (this.#isFull || this.#hasShare(client)) this.#expireDue();
    if (this.#isFull) throw tooManySequences(this.limits);
    if (this.#hasShare(client)) throw tooManySequences(this.limits, true);
    this.#starting++;
    this.#count(client, 1);
  }

  letGo(id: string, isNew: boolean): void {
    if (isNew) {
      this.#starting--;
      this.#count(clientOfId(id), -1);
      return;
    }
    const live = this.#live.get(id);
    if (live) live.held = false;
  }

  keep(id: string, change: Change): Soon<Kept> {
    const known = this.#live.get(id);
    if ((known?.steps ?? 0) !== change.expected) return { kind: 'moved' };
    const refusal = this.#retries.replace(known?.last, change.last);
    if (refusal) return Promise.reject(refusal);
    const live = known ?? this.#begin(id);
    live.row.set(change.row);
    live.steps = change.steps;
    live.samples = change.samples;
    live.last = change.last;
    live.usedAt = this.#now();
    this.#orders.byUse.toEnd(live.used);
    if (!change.end) return { kind: 'kept', expiresInMs: this.#leftMs(live) };
    this.ended++;
    this.#forget(live, reasons.ended);
    return { kind: 'kept', expiresInMs: undefined };
  }

  sweep(): void {
    this.#expireDue();
    const until = this.#now() - this.limits.idleMs;
    let left = MOST_A_LOOK;
    for (const [id, { at }] of this.#gone) {
      // In the order they went.
      if (left-- === 0 || (at > until && this.#gone.size <= this.limits.most)) break;
      this.#forgetGone(id);
    }
  }

  count(): number {
    return this.size;
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

  #begin(id: string): Live {
    const live = new Live(id, this.#rows.take(), this.#now(), this.#orders);
    this.started++;
    this.#count(clientOfId(id), 1);
    this.#forgetGone(id);
    this.#live.set(id, live);
    return live;
  }

  #forgetGone(id: string): void {
    this.#retries.replace(this.#gone.get(id)?.last, undefined);
    this.#gone.delete(id);
  }

  #leftMs({ usedAt, startedAt }: Live): number {
    const { idleMs, ageMs } = this.limits;
    return Math.max(0, Math.floor(Math.min(usedAt + idleMs, startedAt + ageMs) - this.#now()));
  }

  /** Forgets those that are due. They are looked at in order, up to the first that is not: a look must cost the same whatever lives. */
  #expireDue(): void {
    let left = MOST_A_LOOK;
    for (const { first } of [this.#orders.byUse, this.#orders.byStart]) {
      let place = first;
      while (place && left-- > 0 && this.#leftMs(place.item) === 0) {
        const { item, after } = place;
        if (!item.held) this.#expire(item);
        place = after;
      }
    }
  }

  #expire(live: Live): GoneSequence {
    const { idleMs, ageMs } = this.limits;
    const old = this.#now() - live.startedAt >= ageMs;
    this.expired++;
    return this.#forget(live, old ? reasons.old(ageMs) : reasons.idle(idleMs));
  }

  #forget(live: Live, why: string): GoneSequence {
    const { id, used, begun } = live;
    const gone: Gone = { kind: 'gone', at: this.#now(), why, last: live.last };
    this.#live.delete(id);
    this.#orders.byUse.remove(used);
    this.#orders.byStart.remove(begun);
    this.#count(clientOfId(id), -1);
    this.#rows.give(live.row);
    // None is there of that id, so that they stand in the order they went.
    this.#gone.set(id, gone);
    return gone;
  }
}
