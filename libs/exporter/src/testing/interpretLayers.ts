import { isObject } from '../artifacts/json.ts';
import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import { interpretAttention, interpretMultiHead } from './interpretAttention.ts';
import { reverseSequence, runRecurrent } from './interpretRecurrent.ts';
import type { InterpretedCall, Interpreter, Masked } from './interpretMerging.ts';
import {
  add,
  axisOf,
  concatenated,
  dot,
  ignoringMasked,
  mean2,
  merged,
  multiply,
  pairwise,
} from './interpretMerging.ts';
import {
  average,
  batchNormalization,
  groupNormalization,
  layerNormalization,
  rmsNormalization,
  statistics,
  unitNormalization,
} from './interpretNormalization.ts';
import { interpretOperation } from './interpretOperations.ts';
import { activated, convolve, globally, numbers, pooled, resize } from './interpretWindows.ts';
import type { Tensor64 } from './tensors.ts';
import { combine, concatenate, fold, mapValues, sizeOf, tensorOf, valueAt } from './tensors.ts';

const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);

/** Keeps the mask of the first input. */
const kept =
  (compute: (call: InterpretedCall, x: Tensor64) => Tensor64): Interpreter =>
  (call) => [{ value: compute(call, call.inputs[0].value), mask: call.inputs[0].mask }];

/** Drops masks, as layers without mask support do. */
const unmasked =
  (compute: (call: InterpretedCall, x: Tensor64) => Tensor64): Interpreter =>
  (call) => [{ value: compute(call, call.inputs[0].value), mask: null }];

function dense({ config, weights }: InterpretedCall, x: Tensor64): Tensor64 {
  const [features, units] = [x.shape[x.shape.length - 1], Number(config['units'])];
  const kernel = weights.get('kernel', [features, units]);
  const bias = config['use_bias'] === false ? new Float32Array(units) : weights.get('bias', [units]);
  const y = tensorOf([...x.shape.slice(0, -1), units], (index) => {
    const unit = index[index.length - 1];
    let sum = bias[unit];
    for (let feature = 0; feature < features; feature++)
      sum += valueAt(x, index.with(-1, feature)) * kernel[feature * units + unit];
    return sum;
  });
  return activated(config['activation'], y);
}

function globalAverage1D(call: InterpretedCall): Masked[] {
  const [{ value: x, mask }] = call.inputs;
  if (mask === null) return [{ value: globally(average)(call, x), mask: null }];
  const [batch, time, features] = x.shape;
  const value = tensorOf([batch, features], ([sample, feature]) => {
    const samples = Array.from({ length: time }, (_, step) => step).filter(
      (step) => mask[sample * time + step] === 1,
    );
    return average(samples.map((step) => valueAt(x, [sample, step, feature])));
  });
  const shape = call.config['keepdims'] === true ? [batch, 1, features] : value.shape;
  return [{ value: { ...value, shape }, mask: null }];
}

const recurrent: Interpreter = ({
  className,
  config,
  weights,
  source,
  inputs: [{ value: x, mask: own }, ...initial],
}) => {
  // Keras 3 passes no mask to a call that also gets initial states.
  const mask = isKeras(source, 3) && initial.length > 0 ? null : own;
  const run = runRecurrent(
    className,
    config,
    weights,
    x,
    mask,
    config['zero_output_for_mask'] === true,
    initial.map(({ value }) => value),
  );
  const sequences = config['return_sequences'] === true;
  const states = config['return_state'] === true ? run.states : [];
  return [
    { value: sequences ? run.sequence : run.last, mask: sequences ? own : null },
    ...states.map((value) => ({ value, mask: null })),
  ];
};

const bidirectional: Interpreter = ({ config, weights, inputs: [{ value: x, mask }, ...initial] }) => {
  const forward = wrapped(config['layer']);
  const backward = wrapped(config['backward_layer'] ?? config['layer']);
  const sequences = forward.config['return_sequences'] === true;
  const reversed = forward.config['go_backwards'] === true;
  const half = initial.length / 2;
  const runs = [forward, backward].map((layer, index) => {
    const plain = layer.name.replace(/^(forward|backward)_/, '');
    const direction = index === 0 ? 'forward' : 'backward';
    const prefixed = [`${direction}_${layer.name}`, `${direction}_${plain}`]
      .map((part) => weights.within(part))
      .find((own) => !own.isEmpty());
    return runRecurrent(
      layer.className,
      { ...layer.config, go_backwards: (index === 1) !== reversed },
      prefixed ?? weights.within(layer.name),
      x,
      mask,
      sequences,
      initial.slice(index * half, (index + 1) * half).map(({ value }) => value),
    );
  });
  const [a, b] = runs.map((run, index) => {
    if (!sequences) return run.last;
    return index === 1 ? reverseSequence(run.sequence) : run.sequence;
  });
  const mode = config['merge_mode'] === undefined ? 'concat' : config['merge_mode'];
  const outputs =
    mode === null
      ? [a, b]
      : mode === 'concat'
        ? [concatenate([a, b], a.shape.length - 1)]
        : [combine(a, b, { sum: add, ave: mean2, mul: multiply }[mode as 'sum' | 'ave' | 'mul'])];
  const states = forward.config['return_state'] === true ? runs.flatMap((run) => run.states) : [];
  return [
    ...outputs.map((value) => ({ value, mask: sequences ? mask : null })),
    ...states.map((value) => ({ value, mask: null })),
  ];
};

function wrapped(value: unknown): {
  className: string;
  name: string;
  config: Readonly<Record<string, unknown>>;
} {
  const config = isObject(value) && isObject(value['config']) ? value['config'] : {};
  return {
    className: isObject(value) ? String(value['class_name']) : 'none',
    name: String(config['name']),
    config,
  };
}

const masking: Interpreter = ({ config, inputs: [{ value: x }] }) => {
  const value = Number(config['mask_value'] ?? 0);
  const features = x.shape[x.shape.length - 1];
  const mask = Uint8Array.from({ length: x.data.length / features }, (_, at) =>
    x.data.subarray(at * features, (at + 1) * features).some((one) => one !== value) ? 1 : 0,
  );
  return [
    { value: { shape: x.shape, data: x.data.map((one, at) => one * mask[Math.floor(at / features)]) }, mask },
  ];
};

const embedding: Interpreter = ({ config, weights, inputs: [{ value: x }] }) => {
  const [words, width] = [Number(config['input_dim']), Number(config['output_dim'])];
  const table = weights.get('embeddings', [words, width]);
  const value = tensorOf([...x.shape, width], (index) => {
    const word = Math.trunc(valueAt(x, index.slice(0, -1)));
    return table[word * width + index[index.length - 1]];
  });
  const mask = config['mask_zero'] === true ? Uint8Array.from(x.data, (word) => (word === 0 ? 0 : 1)) : null;
  return [{ value, mask }];
};

function permuted({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const order = [0, ...(config['dims'] as number[])];
  const shape = order.map((axis) => x.shape[axis]);
  return tensorOf(shape, (index) =>
    valueAt(
      x,
      x.shape.map((_, axis) => index[order.indexOf(axis)]),
    ),
  );
}

function reshaped({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const target = config['target_shape'] as (number | null)[];
  const known = target.reduce<number>((product, dim) => product * (dim === null || dim < 0 ? 1 : dim), 1);
  const rest = sizeOf(x.shape.slice(1)) / known;
  return { ...x, shape: [x.shape[0], ...target.map((dim) => (dim === null || dim < 0 ? rest : dim))] };
}

function timeDistributed({ config, inner, inputs: [{ value: x, mask }] }: InterpretedCall): Masked[] {
  const { className, config: own } = wrapped(config['layer']);
  const [batch, time] = x.shape;
  const y = inner(className, own, { shape: [batch * time, ...x.shape.slice(2)], data: x.data });
  return [{ value: { shape: [batch, time, ...y.shape.slice(1)], data: y.data }, mask }];
}

/** Elements before and after each spatial dim. */
function sides(value: unknown, dims: number): number[][] {
  const pair = (one: unknown): number[] =>
    Array.isArray(one) ? one.map(Number) : [Number(one), Number(one)];
  if (dims === 1) return [pair(value ?? 1)];
  return Array.isArray(value) ? value.map(pair) : Array.from({ length: dims }, () => pair(value ?? 1));
}

function padded({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const given = [[0, 0], ...sides(config['padding'], x.shape.length - 2), [0, 0]];
  const shape = x.shape.map((dim, axis) => dim + given[axis][0] + given[axis][1]);
  return tensorOf(shape, (index) => {
    const from = index.map((at, axis) => at - given[axis][0]);
    return from.every((at, axis) => at >= 0 && at < x.shape[axis]) ? valueAt(x, from) : 0;
  });
}

function cropped({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const given = [[0, 0], ...sides(config['cropping'], x.shape.length - 2), [0, 0]];
  const shape = x.shape.map((dim, axis) => dim - given[axis][0] - given[axis][1]);
  return tensorOf(shape, (index) =>
    valueAt(
      x,
      index.map((at, axis) => at + given[axis][0]),
    ),
  );
}

function relu({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const [slope, threshold] = [Number(config['negative_slope'] ?? 0), Number(config['threshold'] ?? 0)];
  const limit =
    config['max_value'] === null || config['max_value'] === undefined
      ? Infinity
      : Number(config['max_value']);
  return mapValues(x, (one) => Math.min(one >= threshold ? one : slope * (one - threshold), limit));
}

function preciseRelu({ config, weights }: InterpretedCall, x: Tensor64): Tensor64 {
  const shared = (config['shared_axes'] ?? []) as number[];
  const dims = x.shape.slice(1).map((dim, at) => (shared.includes(at + 1) ? 1 : dim));
  const alpha: Tensor64 = { shape: dims, data: Float64Array.from(weights.get('alpha', dims)) };
  return combine(x, alpha, (one, slope) => (one >= 0 ? one : slope * one));
}

function softmax({ config }: InterpretedCall, x: Tensor64): Tensor64 {
  const given = config['axis'] ?? -1;
  const axes = (Array.isArray(given) ? given : [given]).map((axis) => axisOf(axis, x.shape.length, -1));
  const top = fold(x, axes, true, most);
  const powers = combine(x, top, (a, b) => Math.exp(a - b));
  return combine(
    powers,
    fold(powers, axes, true, (values) => values.reduce(add, 0)),
    (a, b) => a / b,
  );
}

const identity = kept((_call, x) => x);
const slope = (config: InterpretedCall['config'], fallback: number): number =>
  Number(config['alpha'] ?? config['negative_slope'] ?? fallback);

/** Keras' definitions of its layers at inference, written independently of the converters. */
export const interpreters: Readonly<Record<string, Interpreter>> = {
  Activation: kept(({ config }, x) => activated(config['activation'], x)),
  ActivityRegularization: identity,
  Add: pairwise(add),
  AdditiveAttention: interpretAttention,
  AlphaDropout: identity,
  Attention: interpretAttention,
  Average: merged(({ inputs }, [first, ...rest]) =>
    mapValues(
      rest.reduce((sum, value) => combine(sum, value, add), first),
      (one) => one / inputs.length,
    ),
  ),
  AveragePooling1D: unmasked(pooled(average)),
  AveragePooling2D: unmasked(pooled(average)),
  BatchNormalization: kept(batchNormalization),
  Bidirectional: bidirectional,
  Concatenate: concatenated,
  Conv1D: unmasked((call, x) => convolve(call, x, false)),
  Conv3D: unmasked((call, x) => convolve(call, x, false)),
  Conv2D: unmasked((call, x) => convolve(call, x, false)),
  Dense: kept(dense),
  DepthwiseConv1D: unmasked((call, x) => convolve(call, x, true)),
  DepthwiseConv2D: unmasked((call, x) => convolve(call, x, true)),
  Cropping1D: unmasked(cropped),
  Cropping2D: unmasked(cropped),
  Cropping3D: unmasked(cropped),
  Discretization: unmasked(({ config }, x) =>
    mapValues(x, (one) => (config['bin_boundaries'] as number[]).filter((bound) => bound <= one).length),
  ),
  Dot: (call) => [
    {
      value: dot(
        call,
        call.inputs.map(({ value }) => value),
      ),
      mask: null,
    },
  ],
  Dropout: identity,
  ELU: kept(({ config }, x) => mapValues(x, (one) => (one > 0 ? one : slope(config, 1) * Math.expm1(one)))),
  Embedding: embedding,
  Flatten: unmasked((_call, x) => ({ ...x, shape: [x.shape[0], sizeOf(x.shape.slice(1))] })),
  GRU: recurrent,
  GaussianDropout: identity,
  GaussianNoise: identity,
  GlobalAveragePooling1D: globalAverage1D,
  GlobalAveragePooling2D: unmasked(globally(average)),
  GlobalAveragePooling3D: unmasked(globally(average)),
  GlobalMaxPooling1D: unmasked(globally(most)),
  GlobalMaxPooling2D: unmasked(globally(most)),
  GlobalMaxPooling3D: unmasked(globally(most)),
  GroupNormalization: kept(groupNormalization),
  Identity: identity,
  LSTM: recurrent,
  LayerNormalization: kept(layerNormalization),
  LeakyReLU: kept(({ config }, x) => mapValues(x, (one) => (one >= 0 ? one : slope(config, 0.3) * one))),
  Masking: masking,
  MaxPooling1D: unmasked(pooled(most)),
  MaxPooling2D: unmasked(pooled(most)),
  Maximum: ignoringMasked(Math.max, false),
  Minimum: ignoringMasked(Math.min, false),
  MultiHeadAttention: interpretMultiHead,
  Multiply: ignoringMasked(multiply, true),
  Normalization: unmasked(statistics),
  Operation: interpretOperation,
  PReLU: kept(preciseRelu),
  Permute: unmasked(permuted),
  RMSNormalization: kept(rmsNormalization),
  RNN: recurrent,
  ReLU: kept(relu),
  RepeatVector: unmasked(({ config }, x) =>
    tensorOf([x.shape[0], Number(config['n']), x.shape[1]], ([sample, , feature]) =>
      valueAt(x, [sample, feature]),
    ),
  ),
  Rescaling: (call) => {
    const { scale, offset } = call.config;
    const part = (given: unknown, fallback: number): Tensor64 => {
      const data = Float64Array.from([given ?? fallback].flat() as number[]);
      return { shape: [data.length], data };
    };
    const value = combine(combine(call.inputs[0].value, part(scale, 1), multiply), part(offset, 0), add);
    return [{ value, mask: isKeras(call.source, 3) ? call.inputs[0].mask : null }];
  },
  Reshape: unmasked(reshaped),
  RandomFlip: unmasked((_call, x) => x),
  Resizing: unmasked(({ config }, x) =>
    resize(x, [Number(config['height']), Number(config['width'])], config['interpolation']),
  ),
  SimpleRNN: recurrent,
  Softmax: kept(softmax),
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  Subtract: pairwise((a, b) => a - b),
  ThresholdedReLU: kept(({ config }, x) =>
    mapValues(x, (one) => (one > Number(config['theta'] ?? 1) ? one : 0)),
  ),
  TimeDistributed: timeDistributed,
  UnitNormalization: kept(unitNormalization),
  UpSampling1D: unmasked(({ config }, x) => {
    const size = Number(config['size'] ?? 2);
    return tensorOf([x.shape[0], x.shape[1] * size, x.shape[2]], ([sample, at, feature]) =>
      valueAt(x, [sample, Math.floor(at / size), feature]),
    );
  }),
  UpSampling2D: unmasked(({ config }, x) => {
    const size = numbers(config['size'], 2, 2);
    return resize(x, [x.shape[1] * size[0], x.shape[2] * size[1]], config['interpolation'] ?? 'nearest');
  }),
  ZeroPadding1D: unmasked(padded),
  ZeroPadding2D: unmasked(padded),
  ZeroPadding3D: unmasked(padded),
};

/** Options that the interpreter does not know; it rejects other values. */
export const fixedOptions: Readonly<Record<string, unknown>> = {
  crop_to_aspect_ratio: false,
  data_format: 'channels_last',
};

/** @throws UnsupportedError for a class or option that the interpreter does not know */
export function interpreterOf({ className, name, config }: InterpretedCall): Interpreter {
  for (const [key, value] of Object.entries(fixedOptions)) {
    const given = config[key] ?? value;
    if (given !== value)
      throw new UnsupportedError(
        `layer "${name}": ${key}: the reference interpreter expects ${JSON.stringify(value)}, got ${JSON.stringify(given)}; pass --cases FILE`,
      );
  }
  if (Object.hasOwn(interpreters, className)) return interpreters[className];
  throw new UnsupportedError(
    `layer "${name}": the reference interpreter does not know ${className}; pass --cases FILE`,
  );
}
