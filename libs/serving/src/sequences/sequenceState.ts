import type { RuntimeTensor } from '@onda/runtime';

/** A value now, or later: what is in memory need not be waited for, and a turn of the event loop for each step would cost more than the step. */
export type Soon<Value> = Value | Promise<Value>;

export type Tensors = Readonly<Record<string, RuntimeTensor>>;

export interface SequenceLimits {
  /** Sequences of one model that may live at a time. */
  most: number;
  /** Without a step for so long, a sequence is forgotten; milliseconds. */
  idleMs: number;
  /** From its start; milliseconds. */
  ageMs: number;
  /** Of one client, where clients have tokens; undefined: as many as it likes. */
  mostOfClient?: number | undefined;
}

/** The last step as it was answered, for a client that asks again because the answer did not reach it. */
export interface LastStep {
  readonly step: number;
  /** Fed up to and with this step. */
  readonly samples: number;
  /** What was fed, one row; the state that a client brought among it. */
  readonly inputs: Tensors;
  /** What was answered, one row. */
  readonly tensors: Tensors;
}

/** What the service keeps of a sequence between its steps. It is the store's own: the next `keep` changes it. */
export interface LiveSequence {
  readonly kind: 'live';
  /** As the model's StateLayout has it, [words]. */
  readonly row: Int32Array;
  readonly steps: number;
  /** Samples fed so far. */
  readonly samples: number;
  readonly last: LastStep | undefined;
  /** Milliseconds until it is forgotten if no step comes, as of when it was found. */
  readonly expiresInMs: number;
}

/** A sequence that is no more. It is remembered for as long as a live one may be idle, so that its client hears what happened. */
export interface GoneSequence {
  readonly kind: 'gone';
  /** `has ended`. */
  readonly why: string;
  readonly last: LastStep | undefined;
}

/** What one step makes of a sequence. */
export interface Change {
  /** Steps done before this one: nothing is kept if the sequence is elsewhere by now. 0: it must not live yet. */
  readonly expected: number;
  /** Copied before `keep` returns. */
  readonly row: Int32Array;
  readonly steps: number;
  readonly samples: number;
  readonly last: LastStep | undefined;
  /** This was its last step. */
  readonly end: boolean;
}

export type Kept =
  /** Undefined: it has ended. */
  | { readonly kind: 'kept'; readonly expiresInMs: number | undefined }
  /** Somebody else stepped, began or ended it meanwhile; nothing was changed. */
  | { readonly kind: 'moved' }
  /** As many live as may; nothing was changed. */
  | { readonly kind: 'full'; readonly ofClient: boolean };

/** The sequences of one model, wherever they are kept. A change is made whole, by one caller, or not at all. */
export interface SequenceState {
  readonly limits: SequenceLimits;
  /** Sequences that live, as of the last look. */
  readonly size: number;
  readonly started: number;
  readonly ended: number;
  readonly expired: number;
  /** Calls that the store did not answer. */
  readonly failures: number;

  /** @throws ProtocolError 503 when the store is away */
  find(id: string): Soon<LiveSequence | GoneSequence | undefined>;

  /**
   * A step is about to run: its sequence does not expire meanwhile, and a new one has its place.
   *
   * @throws ProtocolError 503 if there is no room for a new one, 429 if its client has its share
   */
  hold(id: string, isNew: boolean): void;
  letGo(id: string, isNew: boolean): void;

  /** @throws ProtocolError 503 when there is no room for the answer of a step with a number, or the store is away: then the change may have been made, which a retry with its step number finds out */
  keep(id: string, change: Change): Soon<Kept>;

  /** Forgets what is due, and looks how many live. Never fails. */
  sweep(): void;

  /** How many live now, those that other processes have begun among them; Infinity when the store is away. */
  count(): Soon<number>;
}

/** Opens the sequences of one model. */
export type OpenState = (model: {
  name: string;
  version: string;
  /** SHA-256 of the model's file, hexadecimal: a sequence of one file is none of another. */
  fileHash: string;
  /** Words of one sequence's row. */
  rowSize: number;
  limits: SequenceLimits;
}) => SequenceState;
