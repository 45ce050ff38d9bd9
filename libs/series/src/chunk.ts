/** The data of one training step, scaled. */
export interface Chunk {
  /** Row-major, shape [batch, time, features]. */
  x: Float32Array;
  /** Row-major, shape [batch, time, outputs]: x `lag` samples later. */
  y: Float32Array;
  batch: number;
  time: number;
  features: number;
  outputs: number;
  /** Whether the chunk starts a sequence, with zero state; otherwise it continues that of the previous step. */
  startsSequence: boolean;
}

/** Provides the chunk of each training step. */
export interface ChunkSource {
  readonly features: number;
  readonly outputs: number;
  /**
   * The chunk of a step. It depends only on the step, so that a run can resume from a step number.
   *
   * @param step 0, 1, 2, ...
   */
  chunk(step: number): Chunk;
}
