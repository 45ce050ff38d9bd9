import { ProtocolError } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';

export interface SequenceLimits {
  /** Sequences of one model that may live at a time. */
  most: number;
  /** Without a step for so long, a sequence is forgotten; milliseconds. */
  idleMs: number;
  /** From its start; milliseconds. */
  ageMs: number;
}

/** The last step as it was answered, for a client that asks again because the answer did not reach it. */
export interface LastStep {
  readonly step: number;
  /** Fed up to and with this step. */
  readonly samples: number;
  readonly x: Float32Array;
  readonly tensors: Readonly<Record<string, RuntimeTensor>>;
}

/** What the service keeps of a sequence between its steps. */
export interface Sequence {
  /** The packed state row, [state]. */
  readonly state: Float32Array;
  readonly steps: number;
  /** Samples fed so far. */
  readonly samples: number;
  /** When its first step was done and its last one, milliseconds of the store's clock. */
  readonly startedAt: number;
  readonly usedAt: number;
  readonly last: LastStep | undefined;
}

/** A sequence that is no more. It is remembered for as long as a live one may be idle, so that its client hears what happened. */
interface GoneSequence {
  readonly at: number;
  readonly why: string;
  readonly last: LastStep | undefined;
}

/** The sequences of one model, in memory. Nothing in here waits, so that each call sees them whole. */
export class SequenceStore {
  readonly limits: SequenceLimits;
  started = 0;
  ended = 0;
  expired = 0;
  readonly #now: () => number;
  readonly #live = new Map<string, Sequence>();
  /** Steps are running for these: they do not expire meanwhile, and have their place although they may be new. */
  readonly #busy = new Set<string>();
  /** Of the busy ones, those whose first step is running. */
  #starting = 0;
  readonly #gone = new Map<string, GoneSequence>();

  /** @param now a clock in milliseconds that never goes back */
  constructor(limits: SequenceLimits, now: () => number = () => performance.now()) {
    this.limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#live.size;
  }

  /** @throws ProtocolError 404 for one that never was, 410 for one that has ended or was forgotten */
  get(id: string): Sequence {
    this.#expire(id);
    const sequence = this.#live.get(id);
    if (sequence) return sequence;
    const gone = this.#gone.get(id);
    if (gone) throw new ProtocolError('ended', `${named(id)} ${gone.why}; start it again`);
    throw new ProtocolError(
      'not-found',
      `${named(id)}: there is no such sequence; begin it with sequence_start`,
    );
  }

  /** The last step of a sequence, be it over or not. */
  lastStep(id: string): LastStep | undefined {
    this.#expire(id);
    return (this.#live.get(id) ?? this.#gone.get(id))?.last;
  }

  /** @throws ProtocolError 409 if it lives, 503 if there is no room for another */
  checkNew(id: string): void {
    this.#expire(id);
    if (this.#live.has(id)) {
      throw new ProtocolError(
        'conflict',
        `${named(id)} lives already; end it with sequence_end, or choose another id`,
      );
    }
    const { most } = this.limits;
    if (this.#taken < most) return;
    this.sweep();
    if (this.#taken < most) return;
    throw new ProtocolError(
      'unavailable',
      `${most} sequences live already, and the service keeps no more; end one, or try again in a moment`,
    );
  }

  get #taken(): number {
    return this.#live.size + this.#starting;
  }

  /** A step is running: the sequence keeps its place until `done`. */
  busy(id: string, isNew: boolean): void {
    this.#busy.add(id);
    if (isNew) this.#starting++;
  }

  done(id: string, wasNew: boolean): void {
    this.#busy.delete(id);
    if (wasNew) this.#starting--;
  }

  /** Keeps what a step has made of a sequence. */
  put(id: string, step: Omit<Sequence, 'startedAt' | 'usedAt'>): Sequence {
    const now = this.#now();
    const known = this.#live.get(id);
    if (!known) {
      this.started++;
      this.#gone.delete(id);
    }
    const sequence = { ...step, startedAt: known?.startedAt ?? now, usedAt: now };
    this.#live.set(id, sequence);
    return sequence;
  }

  /** Ends a sequence whose last step has succeeded. */
  end(id: string): void {
    this.ended++;
    this.#forget(id, 'has ended');
  }

  /** Milliseconds until a sequence is forgotten if no step comes; undefined if it does not live. */
  expiresInMs(id: string): number | undefined {
    const sequence = this.#live.get(id);
    return sequence && this.#leftMs(sequence);
  }

  #leftMs({ usedAt, startedAt }: Sequence): number {
    const { idleMs, ageMs } = this.limits;
    return Math.max(0, Math.floor(Math.min(usedAt + idleMs, startedAt + ageMs) - this.#now()));
  }

  /** Forgets what is due. */
  sweep(): void {
    for (const id of this.#live.keys()) this.#expire(id);
    const until = this.#now() - this.limits.idleMs;
    for (const [id, { at }] of this.#gone) {
      // In the order they went.
      if (at > until && this.#gone.size <= this.limits.most) break;
      this.#gone.delete(id);
    }
  }

  #expire(id: string): void {
    const sequence = this.#live.get(id);
    if (!sequence || this.#busy.has(id) || this.#leftMs(sequence) > 0) return;
    const { idleMs, ageMs } = this.limits;
    const old = this.#now() - sequence.startedAt >= ageMs;
    this.expired++;
    this.#forget(
      id,
      old
        ? `was forgotten ${ageMs / 1000} seconds after its start`
        : `was forgotten after ${idleMs / 1000} seconds without a step`,
    );
  }

  #forget(id: string, why: string): void {
    const last = this.#live.get(id)?.last;
    this.#live.delete(id);
    this.#gone.delete(id);
    this.#gone.set(id, { at: this.#now(), why, last });
  }
}

/** A sequence as a sentence names it. */
export function named(id: string): string {
  return `sequence ${JSON.stringify(id)}`;
}
