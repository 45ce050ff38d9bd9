import type { DataConfig, Scaler } from '@onda/contract';
import { canonicalJson } from '@onda/contract';

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

/** Hold-out data in its own units, for the evaluation of forecasts `lag` samples ahead. */
export interface Evaluation {
  /** Name of the series. */
  id: string;
  /** Row-major, shape [batch, time, features]. */
  x: Float64Array;
  /** Row-major, shape [batch, time, outputs]: x `lag` samples later. */
  y: Float64Array;
  batch: number;
  time: number;
  features: number;
  outputs: number;
  /** The first evaluated sample; earlier ones are warm-up of the state. */
  from: number;
}

/** The data of a fit: training chunks, their scaler and the hold-out data. */
export interface DataSource extends ChunkSource {
  readonly scaler: Scaler;
  /** Input of the data's SHA-256: the file, or the description of synthetic data. */
  readonly hashInput: Uint8Array;
  /** What was detected in the data or repaired, and warnings; one sentence each. */
  readonly notes: readonly string[];
  /** The hold-out data of each series; none without a hold-out. */
  evaluations(): Evaluation[];
}

/** The description of synthetic data: all parameters that determine its values, as canonical JSON. */
export function describeData(data: DataConfig, more: Record<string, number>): Uint8Array {
  return new TextEncoder().encode(canonicalJson({ ...data, ...more }));
}
