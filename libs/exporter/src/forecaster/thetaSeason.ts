import { attribute } from '@onda/onnx';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { RowOps } from './rowOps.ts';

/** The Theta method over the last samples of a history. */
export interface ThetaPart {
  /** Share of Theta's forecast in the average, above 0 and at most 1. */
  readonly weight: number;
  /** Samples of the history that it reads at most: whole seasons. */
  readonly samples: number;
  /** Smoothing factors that are tried. */
  readonly factors: readonly number[];
  /** Quantile of the normal distribution for the test of seasonality. */
  readonly testQuantile: number;
  /** Least factor of a multiplicative season. */
  readonly leastSeason: number;
}

/** The history as the part reads it. */
export interface Window {
  /** The last samples, the first one repeated before a shorter history, [rows, samples]. */
  values: Value;
  /** 1 where a sample is of the history, else 0, [samples]. */
  mask: Value;
  /** The same as bool. */
  isReal: Value;
  /** Number of samples of the history, [1]; float32. */
  count: Value;
  /** Index of the first sample of the history, [1]; int64. */
  first: Value;
}

const rows = 'rows';

/**
 * Adds the seasonal component of the classical decomposition, 1 (or 0) without a season.
 *
 * @returns [rows, period]; the first value is that of the first sample ahead
 */
export function emitSeason(
  ops: RowOps,
  window: Window,
  { samples, testQuantile, leastSeason }: ThetaPart,
  period: number,
  positive: boolean,
): Value {
  const { builder } = ops;
  const { values, first } = window;
  const half = period >> 1;
  const band = new Float32Array(samples * samples);
  const place = new Float32Array(samples * period);
  for (let column = 0; column < samples; column++) {
    place[column * period + (column % period)] = 1;
    for (let offset = -half; offset <= half; offset++) {
      const row = column + offset;
      // An even season is centered by half weights at both ends.
      if (row >= 0 && row < samples)
        band[row * samples + column] = (period % 2 === 0 && Math.abs(offset) === half ? 0.5 : 1) / period;
    }
  }
  const places = ops.floats('theta/season_of', place, [samples, period]);
  const average = ops.product(
    'theta/average',
    values,
    ops.floats('theta/average_band', band, [samples, samples]),
    [rows, samples],
  );
  const index = ops.integers(
    'theta/positions',
    Array.from({ length: samples }, (_, position) => position),
  );
  const start = builder.single('theta/centered_from', 'Add', [first, builder.integers([half])], {
    shape: [1],
    type: 'int64',
  });
  const isCentered = ops.both(
    'theta/is_centered',
    ops.compare('theta/is_after', 'GreaterOrEqual', index, start, [samples]),
    ops.compare('theta/is_before', 'Less', index, builder.integers([samples - half]), [samples]),
  );
  const neutral = scalar(builder, positive ? 1 : 0);
  // Zeros: a mean or a season of nothing but zeros must not divide.
  const tiny = scalar(builder, 1e-30);
  const divisor = positive
    ? ops.each('theta/average_or_tiny', 'Max', [average, tiny], average.shape)
    : average;
  const parts = ops.each('theta/parts', positive ? 'Div' : 'Sub', [values, divisor], [rows, samples]);
  const counted = ops.where('theta/counted_parts', isCentered, parts, scalar(builder, 0), [rows, samples]);
  const counts = ops.product(
    'theta/counts',
    ops.reshape(
      'theta/is_centered_row',
      ops.toFloat('theta/is_centered_float', isCentered),
      [1, samples],
      [1, samples],
    ),
    places,
    [1, period],
  );
  const means = ops.each(
    'theta/means',
    'Div',
    [
      ops.product('theta/sums', counted, places, [rows, period]),
      ops.each('theta/counts_or_one', 'Max', [counts, scalar(builder, 1)], [1, period]),
    ],
    [rows, period],
  );
  const known = ops.where(
    'theta/known_means',
    ops.compare('theta/has_mean', 'Greater', counts, scalar(builder, 0), [1, period]),
    means,
    neutral,
    [rows, period],
  );
  const mean = ops.reduce('theta/mean', 'ReduceMean', known, [1]);
  const season = positive
    ? ops.each(
        'theta/season',
        'Max',
        [
          ops.each(
            'theta/season_share',
            'Div',
            [known, ops.each('theta/mean_or_tiny', 'Max', [mean, tiny], [rows, 1])],
            [rows, period],
          ),
          scalar(builder, leastSeason),
        ],
        [rows, period],
      )
    : ops.each('theta/season', 'Sub', [known, mean], [rows, period]);
  const isSeasonal = emitSeasonTest(ops, window, samples, period, testQuantile);
  return ops.where('theta/season_or_none', isSeasonal, season, neutral, [rows, period]);
}

/** The test of the autocorrelation one season apart, with at least two seasons and a sample; [rows, 1]. */
function emitSeasonTest(
  ops: RowOps,
  { values, mask, count }: Window,
  samples: number,
  period: number,
  testQuantile: number,
): Value {
  const { builder } = ops;
  const masked = ops.each('theta/masked', 'Mul', [values, mask], [rows, samples]);
  const mean = ops.each(
    'theta/window_mean',
    'Div',
    [ops.reduce('theta/window_sum', 'ReduceSum', masked, [1]), count],
    [rows, 1],
  );
  const centered = ops.each(
    'theta/deviations',
    'Mul',
    [ops.each('theta/from_mean', 'Sub', [values, mean], [rows, samples]), mask],
    [rows, samples],
  );
  const padded = builder.single(
    'theta/padded',
    'Pad',
    [centered, builder.integers([0, period, 0, 0]), scalar(builder, 0)],
    { shape: [rows, samples + period] },
    { mode: attribute.string('constant') },
  );
  const lags = Array.from({ length: period + 1 }, (_, lag) =>
    Array.from({ length: samples }, (__, position) => position + period - lag),
  ).flat();
  const shifted = ops.gather(
    'theta/lagged',
    padded,
    ops.integers('theta/lags', lags, [period + 1, samples]),
    1,
    [rows, period + 1, samples],
  );
  const covariances = ops.reshape(
    'theta/covariances',
    ops.product(
      'theta/lag_products',
      shifted,
      ops.reshape('theta/deviation_columns', centered, [-1, samples, 1], [rows, samples, 1]),
      [rows, period + 1, 1],
    ),
    [-1, period + 1],
    [rows, period + 1],
  );
  // A constant history has no variance: without the least one the quotient is not a number.
  const variance = ops.each(
    'theta/variance',
    'Max',
    [ops.slice('theta/lag_0', covariances, 1, 0, 1), scalar(builder, 1e-30)],
    [rows, 1],
  );
  const correlations = ops.each(
    'theta/correlations',
    'Div',
    [ops.slice('theta/lags_from_1', covariances, 1, 1, period + 1), variance],
    [rows, period],
  );
  const within = ops.slice('theta/correlations_within', correlations, 1, 0, period - 1);
  const squares = ops.sumOfSquares('theta/correlation_squares', 'theta/correlations_squared', within, [1]);
  const spread = ops.each(
    'theta/limit_square',
    'Div',
    [
      ops.each(
        'theta/limit_sum',
        'Add',
        [ops.each('theta/twice', 'Mul', [squares, scalar(builder, 2)], [rows, 1]), scalar(builder, 1)],
        [rows, 1],
      ),
      count,
    ],
    [rows, 1],
  );
  const limit = ops.each(
    'theta/limit',
    'Mul',
    [ops.each('theta/limit_root', 'Sqrt', [spread], [rows, 1]), scalar(builder, testQuantile)],
    [rows, 1],
  );
  const atSeason = ops.each(
    'theta/season_size',
    'Abs',
    [ops.slice('theta/season_correlation', correlations, 1, period - 1, period)],
    [rows, 1],
  );
  const isLong = ops.compare('theta/is_long', 'Greater', count, scalar(builder, 2 * period), [1]);
  return ops.both(
    'theta/is_seasonal',
    isLong,
    ops.compare('theta/passes', 'Greater', atSeason, limit, [rows, 1]),
  );
}
