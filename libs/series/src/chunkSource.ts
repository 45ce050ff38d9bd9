import type { Scaler } from '@onda/contract';

/** What one training step sees, in the net's units. */
export interface Chunk {
  /** Row-major, shape [batch, time, features]. */
  x: Float32Array;
  /** Row-major, shape [batch, time, outputs]: x some samples later. */
  y: Float32Array;
  batch: number;
  time: number;
  features: number;
  outputs: number;
  /** Whether nothing came before: the state starts from zeros. Otherwise this chunk goes on where the step before ended. */
  startsSequence: boolean;
}

/** Gives each training step its chunk. */
export interface ChunkSource {
  readonly features: number;
  readonly outputs: number;
  /**
   * The chunk of a step: a function of the step alone, so that a resumed run needs nothing but the step's number.
   *
   * @param step 0, 1, 2, ...
   */
  chunk(step: number): Chunk;
}

/** What was kept from training, in the data's own units, to judge one-sample-ahead (`lag` ahead) forecasts by. */
export interface Evaluation {
  /** Row-major, shape [batch, time, features]. */
  x: Float32Array;
  /** Row-major, shape [batch, time, outputs]: x `lag` samples later. */
  y: Float32Array;
  batch: number;
  time: number;
  features: number;
  outputs: number;
  /** The first sample that is judged: those before it only bring the state up to date. */
  from: number;
}

/** A fit's data: chunks to train on, the scaler that leads to them, and what is kept to judge by. */
export interface DataSource extends ChunkSource {
  readonly scaler: Scaler;
  /** What the data's SHA-256 is taken over: the file, or for made data the description that it is made from. */
  readonly hashInput: Uint8Array;
  /** What was kept from training; null when nothing was. */
  evaluation(): Evaluation | null;
}
