import type { RuntimeTensor } from '@onda/runtime';

/** A value or its promise. Values in memory are not awaited: a microtask per step would cost more than the step. */
export type Soon<Value> = Value | Promise<Value>;

export type Tensors = Readonly<Record<string, RuntimeTensor>>;

export interface SequenceLimits {
  /** Maximum number of live sequences of one model. */
  most: number;
  /** Idle timeout of a sequence, milliseconds. */
  idleMs: number;
  /** Lifetime of a sequence from its start, milliseconds. */
  ageMs: number;
  /** Maximum number of live sequences of one client, if clients have tokens; undefined: unlimited. */
  mostOfClient?: number | undefined;
}

/** The response to the last numbered step, kept for a client that retries because the response did not arrive. */
export interface LastStep {
  readonly step: number;
  /** Samples fed up to and including this step. */
  readonly samples: number;
  /** The inputs of the step, one row each, including a state that the client sent. */
  readonly inputs: Tensors;
  /** The outputs of the step, one row each. */
  readonly tensors: Tensors;
}

/** The record of a live sequence. Owned by the store: the next swap changes it. */
export interface LiveSequence {
  readonly kind: 'live';
  /** `sequenceKey` of the sequence's model version. */
  readonly version: string;
  /** The state row, [words], in the version's StateLayout. */
  readonly row: Int32Array;
  readonly steps: number;
  /** Samples fed so far. */
  readonly samples: number;
  /** Undefined as well if `find` was called for another step. */
  readonly last: LastStep | undefined;
  /** Milliseconds until the sequence expires without a step. */
  readonly expiresInMs: number;
}

/** The record of a sequence that has ended or expired. Kept for the idle timeout, so that the client gets the reason. */
export interface EndedSequence {
  readonly kind: 'ended';
  readonly version: string;
  /** `has ended`. */
  readonly why: string;
  readonly last: LastStep | undefined;
}

/** The change of a record by one step. */
export interface Change {
  /** Steps of the record before this one; 0: no live record is expected. */
  readonly expectedSteps: number;
  /** Version of the record before this step; ignored where no live record is expected. */
  readonly expectedVersion: string;
  readonly version: string;
  /** Copied before `compareAndSwap` returns. */
  readonly row: Int32Array;
  readonly steps: number;
  readonly samples: number;
  readonly last: LastStep | undefined;
  /** Whether this was the last step. */
  readonly end: boolean;
}

export type Swap =
  /** Undefined: the sequence has ended. */
  | { readonly kind: 'done'; readonly expiresInMs: number | undefined }
  /** The record is not the expected one; nothing was changed. */
  | { readonly kind: 'conflict' }
  /** The bound on live sequences is reached; nothing was changed. */
  | { readonly kind: 'full'; readonly ofClient: boolean };

/** Counts of the sequences on one model version. */
export class SequenceCounts {
  /** As of the last sweep, where other processes share the store. */
  live = 0;
  started = 0;
  ended = 0;
  expired = 0;
}

/** The counts of a version; zeros if it has none yet. */
export function countsOf(counts: Map<string, SequenceCounts>, version: string): SequenceCounts {
  let found = counts.get(version);
  if (found === undefined) {
    found = new SequenceCounts();
    counts.set(version, found);
  }
  return found;
}

/**
 * The sequences of one model, on any of its versions. A sequence has one record under its key, which is the client's
 * name and the client's id (`sequenceKey`). A swap changes a record completely or not at all.
 */
export interface SequenceStore {
  /** Limits of the newest version. */
  limits: SequenceLimits;
  /** Number of calls that failed. */
  readonly failures: number;

  /** @param version `sequenceKey` of a model version */
  counts(version: string): SequenceCounts;

  /**
   * @param step the number of the step that is about to run: a record's `last` is read only if it belongs to this step
   * @throws ProtocolError 503 when the store is unavailable
   */
  find(key: string, step: number | undefined): Soon<LiveSequence | EndedSequence | undefined>;

  /**
   * Keeps a sequence from expiring while a step runs, and reserves a slot for a new one.
   *
   * @throws ProtocolError 503 if the limit of the model is reached, 429 if that of the client is
   */
  pin(key: string, isNew: boolean): void;
  unpin(key: string, isNew: boolean): void;

  /**
   * @throws ProtocolError 503 when there is no room for the response of a numbered step, or the store is unavailable: then the change
   *   may have been made, which a retry with the step number resolves
   */
  compareAndSwap(key: string, change: Change): Soon<Swap>;

  /** Removes expired records and updates the counts. Never fails. */
  sweep(): void;

  /** Drops what is kept for a version that is no longer served and has no live sequences. */
  forget(version: string): void;

  /** Live sequences on a version now, including those started by other processes; Infinity when the store is unavailable. */
  count(version: string): Soon<number>;
}

/**
 * The key of a sequence in its model's store. Where clients have tokens, each has its own sequences. A client's name has no slash, so
 * two clients never share a key.
 */
export function sequenceKey(client: string | undefined, id: string): string {
  return client === undefined ? id : `${client}/${id}`;
}

/** The client of a sequence's key; empty without tokens. */
export function clientOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
