import { ConfigError } from '@onda/contract';
import type { SeriesSet } from './seriesSet.ts';
import type { SeriesSplit, WindowBatch, WindowOrigin, Windows } from './windows.ts';
import { createWindows } from './windows.ts';

/** How to train a sequence net on windows: y is x `lag` samples later. */
export interface WindowPlan {
  /** Samples of x in a window. */
  window: number;
  /** Leading samples that do not count in the loss. */
  warmup: number;
  /** Windows per batch. */
  batch: number;
  lag: number;
  /** An integer from 0 to 2 ** 32 - 1. */
  seed: number;
  draw: 'series' | 'windows';
}

/** Random windows for training, and the same windows of the validation part each time. */
export interface TrainingWindows {
  training: Windows;
  /** Empty without a validation part. */
  validation: WindowBatch[];
}

/** Windows per validation batch, and most windows of a validation. */
const validationRows = 64;
const mostValidated = 512;

/**
 * Cuts training windows from the training part and validation windows whose counted samples tile the validation part. The warm-up of a
 * validation window may reach into the training part.
 *
 * @param split scaled
 * @throws ConfigError or DataError for windows that do not fit
 */
export function trainingWindows(split: SeriesSplit, plan: WindowPlan): TrainingWindows {
  const { window, warmup, batch, lag, seed, draw } = plan;
  const options = { context: window, target: { lag }, batch, warmup, seed, draw };
  const training = createWindows(split.training, options);
  const origins = split.ends.flatMap((end, series) => {
    const own: WindowOrigin[] = [];
    const counted = window - warmup;
    const last = end.validation - lag - window;
    for (let start = last; start >= 0; start -= counted) {
      if (start < last && start + lag + warmup < end.training) break;
      if (end.validation > end.training) own.push({ series, start });
    }
    return own;
  });
  if (origins.length === 0) return { training, validation: [] };
  const every = Math.ceil(origins.length / mostValidated);
  const chosen = origins.filter((_, index) => index % every === 0);
  const whole = createWindows(split.validation, options);
  const validation: WindowBatch[] = [];
  for (let from = 0; from < chosen.length; from += validationRows) {
    validation.push(whole.at(chosen.slice(from, from + validationRows)));
  }
  return { training, validation };
}

/**
 * Divides the pairs of a series into parallel streams of equal length, for batches of consecutive chunks.
 *
 * @param pairs   pairs of x and y
 * @param streams number of streams
 * @returns pairs per stream; the rest is left out
 * @throws ConfigError if there are fewer pairs than streams, or several series
 */
export function streamLength({ series }: Pick<SeriesSet, 'series'>, pairs: number, streams: number): number {
  if (series.length > 1) {
    throw new ConfigError(
      `training.batch: expected 1 with training.carry and ${series.length} series, got ${streams}; set training.carry: false`,
    );
  }
  const length = Math.floor(pairs / streams);
  if (length < 1) {
    throw new ConfigError(
      `training.batch: expected at most ${pairs} streams, one per pair of x and y, got ${streams}; lower it`,
    );
  }
  return length;
}
