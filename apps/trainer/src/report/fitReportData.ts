import type { FitConfig, ParityRow } from '@onda/contract';
import type { ForecastReport } from '@onda/series';
import type { Demonstration } from '../fit/demonstration.ts';
import type { DrawnBand } from '../fit/drawnBand.ts';

/** One step's input and prediction (before its update), first sequence of the batch, in the data's own units. */
export interface StepPicture {
  step: number;
  /** [time, features] */
  x: Float32Array;
  /** [time, outputs] */
  y: Float32Array;
  /** [time, outputs] */
  prediction: Float32Array;
}

/** Values generated after the demonstration's prompt, by whom. */
export interface GeneratedValues {
  by: string;
  /** [samples, outputs] */
  values: Float32Array;
}

export interface FitReportData {
  config: FitConfig;
  features: number;
  parameters: number;
  backend: string;
  seconds: number;
  losses: ArrayLike<number>;
  pictures: readonly StepPicture[];
  demonstration: Demonstration;
  generated: readonly GeneratedValues[];
  /** Of a net that draws its values: where they lie. */
  band: DrawnBand | null;
  forecast: ForecastReport | null;
  parity: readonly ParityRow[];
  /** Sentences on what else was made: where the model lies, who served it. */
  notes: readonly string[];
  created: Date;
}
