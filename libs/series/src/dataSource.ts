import type { DataConfig, Scaler } from '@onda/contract';
import { canonicalJson } from '@onda/contract';
import type { ChunkSource } from './chunk.ts';
import type { SeriesSet } from './seriesSet.ts';
import type { TrainingWindows, WindowPlan } from './trainingWindows.ts';

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
  /** The series of a data file in their own units; null for synthetic data. */
  readonly series: SeriesSet | null;
  /** Samples of a whole chunk, over the batch; the last chunks of a pass may have fewer. */
  readonly fullSamples: number;
  /** Chunks of a pass over the data; null for endless data. */
  readonly chunksPerPass: number | null;
  /** Samples of the shortest training part; null for endless data and clips. */
  readonly shortest: number | null;
  /** Windows of the data; null for data that is not a series. */
  windows(plan: Omit<WindowPlan, 'lag'>): TrainingWindows | null;
  /**
   * Chunks of parallel streams: parts of the series of equal length, one per row of the batch.
   *
   * @throws ConfigError for data that cannot be divided
   */
  streams(count: number): ChunkSource & Pick<DataSource, 'fullSamples' | 'chunksPerPass'>;
  /** The hold-out data of each series; none without a hold-out. */
  evaluations(): Evaluation[];
}

/** The description of synthetic data: all parameters that determine its values, as canonical JSON. */
export function describeData(data: DataConfig, more: Record<string, number>): Uint8Array {
  return new TextEncoder().encode(canonicalJson({ ...data, ...more }));
}
