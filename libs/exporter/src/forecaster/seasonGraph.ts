import { attribute } from '@onda/onnx';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/recurrentNode.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { pytorchGates, reorderBias, reorderKernel } from '../recurrent/recurrentWeights.ts';
import type { RowOps } from './rowOps.ts';

/** Sizes and rules of the network of a direct forecaster: SeasonSpec of @onda/forecasting, where its parts are described. */
export interface SeasonNetwork {
  readonly period: number;
  readonly seasons: number;
  readonly horizon: number;
  readonly units: number;
  readonly decoderUnits: number;
  readonly levels: readonly number[];
  readonly normalize: boolean;
  readonly transform: 'log' | 'standard';
  /** Least size of seasonal differences, in transformed units. */
  readonly leastDifference: number;
  /** Least value before the logarithm, as a share of the context's mean. */
  readonly leastShare: number;
  /** Weights of each member of the ensemble, as in `seasonWeights` of @onda/forecasting; gates in PyTorch's order. */
  readonly members: readonly (readonly Float32Array[])[];
}

const rows = 'rows';

/** The context in transformed units and what brings a forecast back. */
interface Context {
  /** [rows, context] */
  u: Value;
  /** Transform `log`: the least value, [rows, 1]; `standard`: undefined. */
  least: Value | undefined;
  /** Transform `standard`: shift and factor, [rows, 1]. */
  standard: { shift: Value; factor: Value } | undefined;
}

/** A forecast in transformed units. */
export interface SeasonForecast extends Context {
  /** Quantiles, ascending, [rows, horizon, levels]. */
  quantiles: Value;
}

/**
 * Adds the network: the context, the inputs, each member, their mean, and the quantiles in order.
 *
 * @param x    [rows, time]
 * @param time length of the history, [1]; int64
 */
export function emitSeasonNetwork(
  ops: RowOps,
  x: Value,
  time: Value,
  network: SeasonNetwork,
): SeasonForecast {
  const { period, horizon, levels, members, normalize } = network;
  const { builder } = ops;
  const samples = network.period * network.seasons;
  const context = emitTransform(ops, emitContext(ops, x, time, network), network);
  const { u } = context;
  const level = ops.reduce(
    'level',
    'ReduceMean',
    ops.slice('last_season', u, 1, samples - period, samples),
    [1],
  );
  const centered = ops.each('centered', 'Sub', [u, level], [rows, samples]);
  const rest = samples - period;
  const differences = ops.each(
    'differences',
    'Sub',
    [ops.slice('later', u, 1, period, samples), ops.slice('earlier', u, 1, 0, rest)],
    [rows, rest],
  );
  const mean = ops.reduce(
    'difference_mean',
    'ReduceMean',
    ops.each('difference_sizes', 'Abs', [differences], [rows, rest]),
    [1],
  );
  const size = ops.each('size', 'Max', [mean, scalar(builder, network.leastDifference)], [rows, 1]);
  const scaled = normalize ? ops.each('scaled', 'Div', [centered, size], [rows, samples]) : centered;
  const inputs = emitInputs(ops, network, scaled, size);
  const outputs = members.map((weights, index) =>
    emitMember(ops, network, weights, `member_${index}`, inputs, centered),
  );
  const sum = (part: 'linear' | 'readout', shape: Value['shape']): Value => {
    const all = outputs.map((output) => output[part]);
    const total = all.length === 1 ? all[0] : builder.single(`${part}_sum`, 'Sum', all, { shape });
    return ops.each(`${part}_mean`, 'Div', [total, scalar(builder, all.length)], shape);
  };
  const shape = [rows, horizon, levels.length];
  const readout = sum('readout', shape);
  const factor = ops.reshape('readout_factor', size, [-1, 1, 1], [rows, 1, 1]);
  const far = normalize ? ops.each('readout_scaled', 'Mul', [readout, factor], shape) : readout;
  const base = ops.each('base', 'Add', [sum('linear', [rows, horizon]), level], [rows, horizon]);
  const values = ops.each(
    'values',
    'Add',
    [ops.reshape('base_steps', base, [-1, horizon, 1], [rows, horizon, 1]), far],
    shape,
  );
  const [quantiles] = builder.node({
    name: 'quantiles',
    op: 'TopK',
    inputs: [values, builder.integers([levels.length])],
    outputs: [
      { part: 'values', shape },
      { part: 'places', shape, type: 'int64' },
    ],
    attributes: { axis: attribute.int(2), largest: attribute.int(0), sorted: attribute.int(1) },
  });
  return { ...context, quantiles };
}

/** The last `context` samples; a shorter history repeats its first season. */
function emitContext(ops: RowOps, x: Value, time: Value, { period, seasons }: SeasonNetwork): Value {
  const { builder } = ops;
  const samples = period * seasons;
  const whole = { shape: [samples], type: 'int64' as const };
  const places = ops.integers(
    'context_places',
    Array.from({ length: samples }, (_, place) => place - samples),
  );
  const index = builder.single('context_index', 'Add', [places, time], whole);
  const season = builder.single('context_season', 'Min', [time, builder.integers([period])], {
    ...whole,
    shape: [1],
  });
  const repeated = builder.single('context_repeated', 'Mod', [index, season], whole, {
    fmod: attribute.int(0),
  });
  const isReal = ops.compare('context_is_real', 'GreaterOrEqual', index, builder.integers([0]), [samples]);
  const chosen = builder.single('context_chosen', 'Where', [isReal, index, repeated], whole);
  return ops.gather('context', x, chosen, 1, [rows, samples]);
}

function emitTransform(ops: RowOps, context: Value, { transform, leastShare }: SeasonNetwork): Context {
  const { builder } = ops;
  const mean = ops.reduce('context_mean', 'ReduceMean', context, [1]);
  if (transform === 'log') {
    // All zeros have no logarithm: the least positive normal float32 stands for them.
    const share = ops.each('least_share', 'Mul', [mean, scalar(builder, leastShare)], [rows, 1]);
    const least = ops.each('least', 'Max', [share, scalar(builder, 1.1754944e-38)], [rows, 1]);
    const u = ops.each(
      'logarithms',
      'Log',
      [ops.each('raised', 'Max', [context, least], context.shape)],
      context.shape,
    );
    return { u, least, standard: undefined };
  }
  const from = ops.each('from_mean', 'Sub', [context, mean], context.shape);
  const deviation = ops.reduce(
    'deviation',
    'ReduceMean',
    ops.each('deviations', 'Abs', [from], context.shape),
    [1],
  );
  const isConstant = ops.compare('is_constant', 'Equal', deviation, scalar(builder, 0), [rows, 1]);
  const factor = ops.where('deviation_or_one', isConstant, scalar(builder, 1), deviation, [rows, 1]);
  return {
    u: ops.each('standardized', 'Div', [from, factor], context.shape),
    least: undefined,
    standard: { shift: mean, factor },
  };
}

/** Inputs of all members: time-major, [seasons, rows, 2 * period + 1] and [horizon, rows, seasons seen + 1]. */
function emitInputs(
  ops: RowOps,
  { period, seasons, horizon }: SeasonNetwork,
  scaled: Value,
  size: Value,
): { encoder: Value; decoder: Value } {
  const { builder } = ops;
  const shape = [rows, seasons, period];
  const bySeason = ops.reshape('seasons', scaled, [-1, seasons, period], shape);
  const first = ops.slice('first_season', bySeason, 1, 0, 1);
  const steps = [rows, seasons - 1, period];
  const changes = ops.each(
    'season_changes',
    'Sub',
    [
      ops.slice('later_seasons', bySeason, 1, 1, seasons),
      ops.slice('earlier_seasons', bySeason, 1, 0, seasons - 1),
    ],
    steps,
  );
  const none = ops.each('no_change', 'Sub', [first, first], first.shape);
  const lagged = ops.concat('season_differences', [none, changes], 1, shape);
  const sizes = ops.each(
    'size_feature',
    'Add',
    [ops.each('size_log', 'Log', [size], [rows, 1]), scalar(builder, 2)],
    [rows, 1],
  );
  const sizeSteps = ops.each(
    'size_seasons',
    'Add',
    [
      ops.reshape('size_cell', sizes, [-1, 1, 1], [rows, 1, 1]),
      ops.floats('no_sizes', new Float32Array(seasons), [1, seasons, 1]),
    ],
    [rows, seasons, 1],
  );
  const encoder = ops.concat('encoder_input', [bySeason, lagged, sizeSteps], 2, [
    rows,
    seasons,
    2 * period + 1,
  ]);

  const seen = period > 1 ? seasons : 1;
  const places = Array.from({ length: horizon }, (_, step) =>
    Array.from({ length: seen }, (__, season) => (seasons - seen + season) * period + (step % period)),
  ).flat();
  const values = ops.gather(
    'decoder_values',
    scaled,
    ops.integers('decoder_places', places, [horizon, seen]),
    1,
    [rows, horizon, seen],
  );
  const ahead = ops.floats(
    'decoder_steps',
    Array.from({ length: horizon }, (_, step) => step / horizon),
    [1, horizon, 1],
  );
  const sizeCell = ops.slice('value_cell', values, 2, 0, 1);
  const noValue = ops.each('no_value', 'Sub', [sizeCell, sizeCell], sizeCell.shape);
  const stepsAhead = ops.each('steps_ahead', 'Add', [noValue, ahead], [rows, horizon, 1]);
  const decoder = ops.concat('decoder_input', [values, stepsAhead], 2, [rows, horizon, seen + 1]);
  return { encoder: builder.inLayout(encoder, true), decoder: builder.inLayout(decoder, true) };
}

/**
 * Adds one member of the ensemble.
 *
 * @returns the linear map of the context, [rows, horizon], and the read-out of the decoders, [rows, horizon, levels]
 */
function emitMember(
  ops: RowOps,
  { period, seasons, horizon, units, decoderUnits, levels }: SeasonNetwork,
  weights: readonly Float32Array[],
  name: string,
  inputs: { encoder: Value; decoder: Value },
  centered: Value,
): { linear: Value; readout: Value } {
  const { builder } = ops;
  const seen = period > 1 ? seasons : 1;
  const encoderName = `${name}/encoder`;
  const encoderWeights = [gruWeights(weights.slice(0, 4), 2 * period + 1, units)];
  const encoded = emitRecurrent(builder, {
    name: encoderName,
    directions: encoderWeights,
    constants: recurrentConstants(builder, encoderName, encoderWeights),
    x: inputs.encoder,
  });
  const state = ops.reshape(`${name}/state`, encoded.states.h, [-1, units], [rows, units]);
  const start = (direction: string, at: number): Value => {
    const shape = [rows, decoderUnits];
    const product = ops.product(
      `${name}/${direction}_product`,
      state,
      ops.floats(`${name}/${direction}_kernel`, weights[at], [units, decoderUnits]),
      shape,
    );
    const sum = ops.each(
      `${name}/${direction}_sum`,
      'Add',
      [product, ops.floats(`${name}/${direction}_bias`, weights[at + 1])],
      shape,
    );
    const cell = ops.each(`${name}/${direction}_start`, 'Tanh', [sum], shape);
    return builder.single(`${name}/${direction}_start_row`, 'Unsqueeze', [cell, builder.integers([0])], {
      shape: [1, ...shape],
    });
  };
  const starts = ops.concat(`${name}/starts`, [start('forward', 4), start('backward', 6)], 0, [
    2,
    rows,
    decoderUnits,
  ]);
  const decoderName = `${name}/decoder`;
  const directions = [8, 12].map((at) => gruWeights(weights.slice(at, at + 4), seen + 1, decoderUnits));
  const { y } = emitRecurrent(builder, {
    name: decoderName,
    directions,
    constants: recurrentConstants(builder, decoderName, directions),
    x: inputs.decoder,
    states: { h: starts },
  });
  // [horizon, 2, rows, units] ---> [rows, horizon, 2 * units]
  const joined = ops.reshape(
    `${name}/decoded`,
    builder.single(
      `${name}/decoded_rows`,
      'Transpose',
      [y],
      { shape: [rows, horizon, 2, decoderUnits] },
      { perm: attribute.ints([2, 0, 1, 3]) },
    ),
    [0, 0, -1],
    [rows, horizon, 2 * decoderUnits],
  );
  const kernel = new Float32Array(2 * decoderUnits * levels.length);
  kernel.set(weights[16]);
  kernel.set(weights[17], weights[16].length);
  const shape = [rows, horizon, levels.length];
  const product = ops.product(
    `${name}/readout_product`,
    joined,
    ops.floats(`${name}/readout_kernel`, kernel, [2 * decoderUnits, levels.length]),
    shape,
  );
  const readout = ops.each(
    `${name}/readout`,
    'Add',
    [product, ops.floats(`${name}/readout_bias`, weights[18])],
    shape,
  );
  const linearKernel = ops.floats(`${name}/linear_kernel`, weights[19], [period * seasons, horizon]);
  const linear = ops.each(
    `${name}/linear`,
    'Add',
    [
      ops.product(`${name}/linear_product`, centered, linearKernel, [rows, horizon]),
      ops.floats(`${name}/linear_bias`, weights[20]),
    ],
    [rows, horizon],
  );
  return { linear, readout };
}

function gruWeights(
  [kernel, recurrentKernel, bias, recurrentBias]: readonly Float32Array[],
  features: number,
  units: number,
): RecurrentWeights {
  return {
    cell: 'gru',
    features,
    units,
    kernel: reorderKernel(kernel, features, units, pytorchGates.gru),
    recurrentKernel: reorderKernel(recurrentKernel, units, units, pytorchGates.gru),
    bias: reorderBias(bias, units, pytorchGates.gru),
    recurrentBias: reorderBias(recurrentBias, units, pytorchGates.gru),
    activations: [{ name: 'Sigmoid' }, { name: 'Tanh' }],
    linearBeforeReset: true,
  };
}
