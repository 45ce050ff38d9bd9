import { attribute } from '@onda/onnx';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { RowOps } from './rowOps.ts';
import type { ThetaPart, Window } from './thetaSeason.ts';
import { emitSeason } from './thetaSeason.ts';

const rows = 'rows';

/**
 * Adds the Theta method: seasonal adjustment where a test finds a season, simple exponential smoothing with the best of some smoothing
 * factors, and half the slope of the trend as drift. A season is multiplicative if `positive`, else additive. The same computation on
 * arrays is `theta` of @onda/forecasting.
 *
 * @param x    [rows, time]
 * @param time length of the history, [1]; int64
 * @returns the forecast in the units of x, [rows, horizon]
 */
export function emitTheta(
  ops: RowOps,
  x: Value,
  time: Value,
  part: ThetaPart,
  { period, horizon, positive }: { period: number; horizon: number; positive: boolean },
): Value {
  const { builder } = ops;
  const { samples, factors } = part;
  const window = emitWindow(ops, x, time, samples);
  const season = period > 1 ? emitSeason(ops, window, part, period, positive) : null;
  const apart = positive ? ('Div' as const) : ('Sub' as const);
  const adjusted = emitAdjusted(ops, window, season, apart, samples, period);

  // Simple exponential smoothing with every factor at once: a linear recurrent node, l_t = a x_t + (1 - a) l_(t-1).
  const count = factors.length;
  // Relative to the first value: before a shorter history levels and errors are exactly 0.
  const start = ops.slice('theta/start', adjusted, 1, 0, 1);
  const relative = ops.each('theta/relative', 'Sub', [adjusted, start], [rows, samples]);
  const sequence = builder.single(
    'theta/sequence',
    'Unsqueeze',
    [builder.transposed(relative, [1, 0], 'theta/time_major'), builder.integers([2])],
    { shape: [samples, rows, 1] },
  );
  const diagonal = factors.flatMap((factor, row) =>
    factors.map((_, column) => (row === column ? 1 - factor : 0)),
  );
  const [levels, last] = builder.node({
    name: 'theta/smoothing',
    op: 'RNN',
    inputs: [
      sequence,
      ops.floats('theta/factors_in', factors, [1, count, 1]),
      ops.floats('theta/factors_back', diagonal, [1, count, count]),
    ],
    outputs: [
      { part: 'Y', shape: [samples, 1, rows, count] },
      { part: 'Y_h', shape: [1, rows, count] },
    ],
    attributes: {
      direction: attribute.string('forward'),
      hidden_size: attribute.int(count),
      layout: attribute.int(0),
      activations: attribute.strings(['Affine']),
      activation_alpha: attribute.floats([1]),
      activation_beta: attribute.floats([0]),
    },
  });
  const before = ops.reshape(
    'theta/levels',
    ops.slice('theta/levels_before', levels, 0, 0, samples - 1),
    [0, -1, count],
    [samples - 1, rows, count],
  );
  const errors = ops.each(
    'theta/errors',
    'Sub',
    [ops.slice('theta/next', sequence, 0, 1, samples), before],
    [samples - 1, rows, count],
  );
  const squares = ops.sumOfSquares('theta/squares', 'theta/squared', errors, [0]);
  const best = ops.node(
    'theta/best',
    'ArgMin',
    [ops.reshape('theta/squares_rows', squares, [-1, count], [rows, count])],
    [rows, 1],
    { axis: attribute.int(1), keepdims: attribute.int(1), select_last_index: attribute.int(0) },
    { type: 'int64' },
  );
  const level = ops.node(
    'theta/level',
    'GatherElements',
    [ops.reshape('theta/last', last, [-1, count], [rows, count]), best],
    [rows, 1],
    { axis: attribute.int(1) },
  );
  const factor = ops.gather(
    'theta/factor',
    { name: ops.floats('theta/factors', factors), type: 'float32', shape: [count], timeMajor: false },
    best,
    0,
    [rows, 1],
  );

  const slope = emitSlope(ops, relative, window, samples);
  const one = scalar(builder, 1);
  const kept = ops.each(
    'theta/kept',
    'Pow',
    [ops.each('theta/keep', 'Sub', [one, factor], [rows, 1]), window.count],
    [rows, 1],
  );
  const offset = ops.each(
    'theta/offset',
    'Div',
    [ops.each('theta/not_kept', 'Sub', [one, kept], [rows, 1]), factor],
    [rows, 1],
  );
  const steps = ops.floats(
    'theta/steps',
    Array.from({ length: horizon }, (_, step) => step),
    [1, horizon],
  );
  const ahead = ops.each('theta/ahead', 'Add', [steps, offset], [rows, horizon]);
  const drift = ops.each(
    'theta/drift',
    'Mul',
    [ahead, ops.each('theta/half_slope', 'Mul', [slope, scalar(builder, 0.5)], [rows, 1])],
    [rows, horizon],
  );
  const rise = ops.each('theta/rise', 'Add', [level, drift], [rows, horizon]);
  const trend = ops.each('theta/trend', 'Add', [start, rise], [rows, horizon]);
  if (season === null) return trend;
  const places = ops.integers(
    'theta/season_places',
    Array.from({ length: horizon }, (_, step) => step % period),
  );
  const seasonAhead = ops.gather('theta/season_ahead', season, places, 1, [rows, horizon]);
  return ops.each('theta/forecast', positive ? 'Mul' : 'Add', [trend, seasonAhead], [rows, horizon]);
}

function emitWindow(ops: RowOps, x: Value, time: Value, samples: number): Window {
  const { builder } = ops;
  const whole = { type: 'int64' as const };
  const places = ops.integers(
    'theta/places',
    Array.from({ length: samples }, (_, place) => place - samples),
  );
  const index = builder.single('theta/index', 'Add', [places, time], { shape: [samples], ...whole });
  const zero = builder.integers([0]);
  const isReal = ops.compare('theta/is_real', 'GreaterOrEqual', index, zero, [samples]);
  const clamped = builder.single('theta/clamped', 'Max', [index, zero], { shape: [samples], ...whole });
  const mask = ops.toFloat('theta/mask', isReal);
  const before = builder.single('theta/missing', 'Sub', [builder.integers([samples]), time], {
    shape: [1],
    ...whole,
  });
  return {
    values: ops.gather('theta/values', x, clamped, 1, [rows, samples]),
    mask,
    isReal,
    count: ops.reduce('theta/count', 'ReduceSum', mask, [0]),
    first: builder.single('theta/first', 'Max', [before, zero], { shape: [1], ...whole }),
  };
}

/** The window without its season; before a shorter history its first value, at which smoothing starts. */
function emitAdjusted(
  ops: RowOps,
  { values, isReal, first }: Window,
  season: Value | null,
  apart: 'Div' | 'Sub',
  samples: number,
  period: number,
): Value {
  if (season === null) return values;
  const places = ops.integers(
    'theta/season_at',
    Array.from({ length: samples }, (_, position) => position % period),
  );
  const all = ops.gather('theta/season_all', season, places, 1, [rows, samples]);
  const adjusted = ops.each('theta/adjusted', apart, [values, all], [rows, samples]);
  const start = ops.gather('theta/first_adjusted', adjusted, first, 1, [rows, 1]);
  return ops.where('theta/adjusted_padded', isReal, adjusted, start, [rows, samples]);
}

/** Slope of the least-squares line over the history, [rows, 1]. */
function emitSlope(ops: RowOps, relative: Value, { mask, count }: Window, samples: number): Value {
  const { builder } = ops;
  const positions = ops.floats(
    'theta/positions_float',
    Array.from({ length: samples }, (_, position) => position),
  );
  const half = ops.each(
    'theta/half_count',
    'Mul',
    [ops.each('theta/count_and_one', 'Add', [count, scalar(builder, 1)], [1]), scalar(builder, 0.5)],
    [1],
  );
  const middle = ops.each('theta/middle', 'Sub', [scalar(builder, samples), half], [1]);
  const weights = ops.each(
    'theta/trend_weights',
    'Mul',
    [ops.each('theta/from_middle', 'Sub', [positions, middle], [samples]), mask],
    [samples],
  );
  const squares = ops.sumOfSquares('theta/trend_squares', 'theta/trend_squared', weights, [0]);
  const products = ops.each('theta/trend_products', 'Mul', [relative, weights], [rows, samples]);
  return ops.each(
    'theta/slope',
    'Div',
    [
      ops.reduce('theta/trend_sum', 'ReduceSum', products, [1]),
      ops.each('theta/trend_scale', 'Max', [squares, scalar(builder, 1e-30)], [1]),
    ],
    [rows, 1],
  );
}
