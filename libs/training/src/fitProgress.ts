/** How far a fit has come: what `fit` needs beside net and optimizer to go on. */
export interface FitProgress {
  /** Steps done. */
  step: number;
  /** The loss of each step done, before its update. */
  losses: Float32Array;
  /** The state that the next chunk starts from; null when it starts from zeros. */
  carry: CarriedState | null;
}

/** A state row for each sequence of a batch. */
export interface CarriedState {
  batch: number;
  /** Row-major, shape [batch, state]. */
  values: Float32Array;
}
