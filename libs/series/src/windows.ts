import { ConfigError, DataError } from '@onda/contract';
import type { Chunk } from './chunk.ts';
import { createRandom, streamSeed } from './random.ts';
import type { Series, SeriesSet } from './seriesSet.ts';
import { scaleValues } from './scaler.ts';
import type { Scaler } from '@onda/contract';

/** The parts of each series in order of time: training, validation, hold-out. */
export interface SeriesSplit {
  /** The training part. */
  training: SeriesSet;
  /** Training and validation part. */
  validation: SeriesSet;
  /** The whole series. */
  all: SeriesSet;
  /** Lengths of the training part, and of training and validation part, of each series. */
  ends: { training: number; validation: number }[];
}

/**
 * Splits each series by time: the last `holdout` samples are held out, the `validation` samples before them validate, the rest trains.
 * Parts are views of the same values.
 *
 * @param least samples that the training part must have at least
 * @throws DataError naming the first series that is too short
 */
export function splitSeries(
  set: SeriesSet,
  { holdout, validation, least = 1 }: { holdout: number; validation: number; least?: number },
  source: string,
): SeriesSplit {
  const ends = set.series.map(({ id, length }) => {
    const training = length - holdout - validation;
    if (training < least) {
      const parts = [
        `hold-out ${holdout}`,
        ...(validation > 0 ? [`validation ${validation}`] : []),
        `training ${least}`,
      ];
      const of = set.series.length > 1 ? `in series ${JSON.stringify(id)}` : 'of values';
      throw new DataError(
        `${source}: expected at least ${holdout + validation + least} samples ${of} (${parts.join(', ')}), got ${length}; add rows, or lower data.holdout or lag`,
      );
    }
    return { training, validation: training + validation };
  });
  return {
    training: shorten(
      set,
      ends.map(({ training }) => training),
    ),
    validation: shorten(
      set,
      ends.map((end) => end.validation),
    ),
    all: set,
    ends,
  };
}

/** The first samples of each series. Covariates and times stay: they are known ahead. */
function shorten(set: SeriesSet, lengths: readonly number[]): SeriesSet {
  const width = set.targets.length;
  const series = set.series.map((one, index): Series => ({
    ...one,
    length: lengths[index],
    values: one.values.subarray(0, lengths[index] * width),
  }));
  return { ...set, series };
}

/** The values of all series, one after the other: shape [samples, targets]. */
export function joinValues({ series }: SeriesSet): Float64Array {
  if (series.length === 1) return series[0].values;
  const joined = new Float64Array(series.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of series) {
    joined.set(values, at);
    at += values.length;
  }
  return joined;
}

/** The set with scaled targets, still in float64. */
export function scaleSeries(set: SeriesSet, scaler: Scaler): SeriesSet {
  return { ...set, series: set.series.map((one) => ({ ...one, values: scaleValues(one.values, scaler) })) };
}

/** How to cut windows from series. */
export interface WindowOptions {
  /** Samples of x in a window. */
  context: number;
  /**
   * `lag`: y is x that many samples later, [batch, context, targets]. `horizon`: y is the samples after x,
   * [batch, horizon, targets].
   */
  target: { lag: number } | { horizon: number };
  /** Windows per batch. */
  batch: number;
  /** Leading samples of a window that do not count in the loss, with a lag; default 0. */
  warmup?: number;
  /** An integer from 0 to 2 ** 32 - 1. */
  seed: number;
  /** `windows`: every window is equally likely; `series`: every series is, and every window in it. Default `windows`. */
  draw?: 'series' | 'windows';
}

/** Where a window starts. */
export interface WindowOrigin {
  /** Index of the series. */
  series: number;
  /** Index of its first sample. */
  start: number;
}

/** A batch of windows: a chunk whose rows are sequences of their own. */
export interface WindowBatch extends Chunk {
  /** Samples of y per row; equal to `time` with a lag. */
  yTime: number;
  /** Leading samples of y that do not count in the loss. */
  warmup: number;
  /** Samples of y that count in the loss: the weight of the step. */
  samples: number;
  /** Covariates of the samples of y, shape [batch, yTime, covariates]. */
  future: Float32Array;
  origins: readonly WindowOrigin[];
}

/** Random windows over all series and positions. */
export interface Windows {
  /** Number of different windows. */
  readonly count: number;
  /** Steps that show as many windows as there are: an epoch. */
  readonly stepsPerEpoch: number;
  /** Series that are shorter than a window. */
  readonly skipped: number;
  /** The random batch of a step. It depends only on the seed and the step, so that a run can resume from a step number. */
  batch(step: number): WindowBatch;
  /** The batch of given windows, for validation on the same windows. */
  at(origins: readonly WindowOrigin[]): WindowBatch;
  /** The last window of each series. */
  last(): WindowOrigin[];
  /** The origins of a step's batch in words, for errors. */
  describe(step: number): string;
}

/**
 * Cuts random windows from series.
 *
 * @param set scaled series; the values become float32 in the batches
 * @throws ConfigError for a size that is not a whole number; DataError if no series has a whole window
 */
export function createWindows(set: SeriesSet, options: WindowOptions): Windows {
  const { context, target, batch, warmup = 0, seed, draw = 'windows' } = options;
  const ahead = 'lag' in target ? target.lag : target.horizon;
  const yTime = 'lag' in target ? context : target.horizon;
  for (const [name, value] of Object.entries({
    context,
    batch,
    ['lag' in target ? 'lag' : 'horizon']: ahead,
  })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ConfigError(
        `windows: expected a whole number of at least 1 as ${name}, got ${value}; correct it`,
      );
    }
  }
  if (!Number.isSafeInteger(warmup) || warmup < 0 || warmup >= yTime) {
    throw new ConfigError(
      `windows: expected a warm-up from 0 to ${yTime - 1}, shorter than the window, got ${warmup}; lower it, or use longer windows`,
    );
  }
  const size = context + ahead;
  const usable = set.series
    .map(({ length }, index) => ({ index, windows: length - size + 1 }))
    .filter(({ windows }) => windows > 0);
  if (usable.length === 0) {
    const longest = set.series.reduce((most, { length }) => Math.max(most, length), 0);
    throw new DataError(
      `windows: expected a series of at least ${size} samples (${context} and ${ahead} ahead), got at most ${longest}; use shorter windows, or add rows`,
    );
  }
  // Windows before each usable series, for the look-up of a drawn number.
  const before = [0];
  for (const { windows } of usable) before.push(before[before.length - 1] + windows);
  const count = before[usable.length];

  const origin = (random: ReturnType<typeof createRandom>): WindowOrigin => {
    if (draw === 'series') {
      const { index, windows } = usable[random.int(usable.length)];
      return { series: index, start: random.int(windows) };
    }
    const number = random.int(count);
    let low = 0;
    for (let high = usable.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (before[middle] <= number) low = middle;
      else high = middle;
    }
    return { series: usable[low].index, start: number - before[low] };
  };

  const width = set.targets.length;
  const more = set.covariates.length;
  const at = (origins: readonly WindowOrigin[]): WindowBatch => {
    const rows = origins.length;
    const x = new Float32Array(rows * context * width);
    const y = new Float32Array(rows * yTime * width);
    const future = new Float32Array(rows * yTime * more);
    for (const [row, { series, start }] of origins.entries()) {
      const { values, covariates } = set.series[series];
      const from = 'lag' in target ? start + target.lag : start + context;
      x.set(values.subarray(start * width, (start + context) * width), row * context * width);
      y.set(values.subarray(from * width, (from + yTime) * width), row * yTime * width);
      future.set(covariates.subarray(from * more, (from + yTime) * more), row * yTime * more);
    }
    return {
      x,
      y,
      future,
      batch: rows,
      time: context,
      yTime,
      warmup,
      samples: rows * (yTime - warmup),
      features: width,
      outputs: width,
      startsSequence: true,
      origins,
    };
  };

  const drawn = (step: number): WindowOrigin[] => {
    const random = createRandom(streamSeed(seed, step));
    return Array.from({ length: batch }, () => origin(random));
  };

  return {
    count,
    stepsPerEpoch: Math.ceil(count / batch),
    skipped: set.series.length - usable.length,
    batch: (step) => at(drawn(step)),
    at,
    describe: (step) => {
      const [first, ...others] = drawn(step);
      const of = set.series.length > 1 ? ` of series ${JSON.stringify(set.series[first.series].id)}` : '';
      const rest = others.length > 0 ? ` and ${others.length} more` : '';
      return `batch with the window from sample ${first.start}${of}${rest}`;
    },
    last: () => usable.map(({ index, windows }) => ({ series: index, start: windows - 1 })),
  };
}
