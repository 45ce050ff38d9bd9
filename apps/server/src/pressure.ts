import { performance } from 'node:perf_hooks';

/** How often the load is looked at. */
const LOOK_MS = 50;

/** For so long it has to be too much before any request is refused: a burst is worked off, and a pause is no load. */
const SUSTAINED_MS = 500;

/** Share of its time that the main thread works when it is the one that is short; a model whose runs take long keeps a worker. */
const BUSY = 0.9;

/** Of what fitted before the first was refused, so much is let in at least: refusing takes time too, and must not take all there is. */
const LEAST_SHARE = 0.5;

/** Of the room, for those that ask again at once; where less is under way, there is pressure no more. */
const RESTLESS_SHARE = 0.25;

/**
 * Refuses requests while there are more than can be answered in time.
 *
 * A small net's run takes less than reading its request, so the main thread is what requests wait for: in no queue that could be
 * bounded for itself, but in sockets, turns of the event loop and batches together. By Little's law the requests under way, over those
 * answered in a millisecond, are the milliseconds that each waits. When that has been too long for a while, with the main
 * thread busy, only as many are let in as fit; the others hear at once to come again.
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
  #lookedAt: number;
  /** Since when it has been too much; undefined: it is not. */
  #since: number | undefined;
  /** Requests that may be under way. */
  #room = Infinity;
  /** The most that fitted since it has been too much, before any was refused. */
  #fitted = 0;

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
   * @param restless its client was refused a moment ago: it has waited already, and gets room only where there is plenty
   */
  enter(restless = false): boolean {
    if (this.#now() - this.#lookedAt >= LOOK_MS) this.#look();
    if (this.#underWay >= (restless ? this.#room * RESTLESS_SHARE : this.#room)) return false;
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
    const tooMuch = this.#mostMs > 0 && this.#most > fitting && this.#busy() >= BUSY;
    // Under pressure as many are under way as fit; it is over when they are fewer by far.
    if (tooMuch) this.#since ??= now;
    else if (this.#since === undefined || this.#most < this.#room * RESTLESS_SHARE) this.#since = undefined;
    if (this.#room === Infinity)
      this.#fitted = this.#since === undefined ? 0 : Math.max(this.#fitted, fitting);
    this.#room =
      this.#since !== undefined && now - this.#since >= SUSTAINED_MS
        ? Math.ceil(Math.max(fitting, this.#fitted * LEAST_SHARE))
        : Infinity;
    this.#lookedAt = now;
    this.#answered = 0;
    this.#most = this.#underWay;
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
