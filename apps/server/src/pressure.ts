import { performance } from 'node:perf_hooks';
import { timeouts } from './limits.ts';

/** How often the load is looked at. */
const LOOK_MS = 50;

/** For so long it has to be too much before any request is refused: a burst is worked off, and a pause is no load. */
const SUSTAINED_MS = 500;

/** Clients that do not wait have all asked again in so many looks. */
const ASKING_LOOKS = Math.ceil(timeouts.refusedMs / LOOK_MS) + 1;

/** Share of its time that the main thread works when it is the one that is short; a model whose runs take long keeps a worker. */
const BUSY = 0.9;

/** Of what fitted before the first was refused, so much is let in at least: refusing takes time too, and must not take all there is. */
const LEAST_SHARE = 0.5;

/** Of the time that a request may wait, for those let in under pressure: what lies in sockets meanwhile is not seen here. */
const ROOM_SHARE = 0.25;

/** How much of a look's figure the room takes on: one that jumps refuses clients that were answered a moment ago. */
const SMOOTHING = 0.2;

/**
 * Of those answered, so many may be ones that were sent on a refused connection without waiting: too few to be seen in the p99, and
 * enough that the connections under way are soon as many as fit.
 */
const RESTLESS_SHARE = 1 / 256;

/**
 * Refuses requests while there are more than can be answered in time.
 *
 * A small net's run takes less than reading its request, so the main thread is what requests wait for: in no queue that could be
 * bounded for itself, but in sockets, turns of the event loop and batches together. By Little's law the requests under way, over those
 * answered in a millisecond, are the milliseconds that each waits. When that has been too long for a while, with the main
 * thread busy, only as many are let in as fit; the others hear at once to come again. It is over when those that
 * were refused lately would fit beside them.
 */
export class Pressure {
  readonly #mostMs: number;
  readonly #now: () => number;
  /** Share of the time since the last call that the main thread worked. */
  readonly #busy: () => number;
  #underWay = 0;
  /** Since the last look. */
  #answered = 0;
  #most = 0;
  /** Since the last look, and between those before it. */
  #refused: number[] = [0];
  #lookedAt: number;
  /** Since when it has been too much; undefined: it is not. */
  #since: number | undefined;
  /** Requests that may be under way. */
  #room = Infinity;
  /** The most that fitted since it has been too much, before any was refused. */
  #fitted = 0;
  /** How many that did not wait may still be let in. */
  #patience = 0;

  /**
   * @param mostMs how long a request may wait; 0: nothing is refused
   * @param now    a clock in milliseconds that never goes back
   */
  constructor(
    mostMs: number,
    now: () => number = () => performance.now(),
    busy: () => number = mainThread(),
  ) {
    this.#mostMs = mostMs;
    this.#now = now;
    this.#busy = busy;
    this.#lookedAt = now();
  }

  /**
   * Whether a request is let in; the caller calls `leave` then, once it is answered. One of a stream needs not ask: a stream is read no
   * faster than it is answered.
   *
   * @param restless its client was refused a moment ago and did not wait: what it sent has lain there
   */
  enter(restless = false): boolean {
    if (this.#now() - this.#lookedAt >= LOOK_MS) this.#look();
    if (this.#underWay >= this.#room || (restless && this.#room !== Infinity && this.#patience < 1)) {
      this.#refused[0]++;
      return false;
    }
    if (restless) this.#patience--;
    this.#underWay++;
    this.#most = Math.max(this.#most, this.#underWay);
    return true;
  }

  leave(): void {
    this.#underWay--;
    this.#answered++;
  }

  #look(): void {
    const now = this.#now();
    const fitting = (this.#answered / (now - this.#lookedAt)) * this.#mostMs;
    const busy = this.#busy() >= BUSY;
    // Nobody came since the first of the looks that were due.
    const missed = Math.min(ASKING_LOOKS, Math.floor((now - this.#lookedAt) / LOOK_MS) - 1);
    this.#refused = [...Array<number>(missed).fill(0), ...this.#refused].slice(0, ASKING_LOOKS);
    if (this.#room === Infinity) this.#watch(now, fitting, busy);
    else this.#adjust(fitting);
    this.#patience = Math.max(1, this.#answered * RESTLESS_SHARE);
    this.#lookedAt = now;
    this.#answered = 0;
    this.#refused.unshift(0);
    this.#most = this.#underWay;
  }

  /** While all are let in. */
  #watch(now: number, fitting: number, busy: boolean): void {
    if (this.#mostMs === 0 || this.#most <= fitting || !busy) {
      this.#since = undefined;
      this.#fitted = 0;
      return;
    }
    this.#since ??= now;
    this.#fitted = Math.max(this.#fitted, fitting);
    if (now - this.#since >= SUSTAINED_MS) this.#room = Math.ceil(this.#fitted * ROOM_SHARE);
  }

  /** Under pressure. */
  #adjust(fitting: number): void {
    const asking = this.#refused.reduce((sum, refused) => sum + refused, 0);
    if (this.#most + asking <= this.#room) {
      this.#room = Infinity;
      this.#since = undefined;
      this.#fitted = 0;
      return;
    }
    const room = Math.max(fitting, this.#fitted * LEAST_SHARE) * ROOM_SHARE;
    this.#room += (room - this.#room) * SMOOTHING;
  }
}

function mainThread(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return utilization;
  };
}
