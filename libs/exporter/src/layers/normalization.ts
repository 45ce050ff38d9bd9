import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import { emitReduce, scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, layerAxes, layerConstant, perSample } from './layerRule.ts';
import { passMask } from './masks.ts';
import { fixed } from './reshaping.ts';

/**
 * Batch normalization at inference: x s + t with s = gamma / sqrt(variance + epsilon) and t = beta - mean s, computed in float64.
 *
 * Over an axis before the last the file gives the values of TensorFlow and Keras; TensorFlow.js's CPU backend gives others (its batchNorm does not
 * broadcast).
 */
const convertBatchNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const [axis] = layerAxes(call, -1, true);
  const x = axis === call.inputs[0].shape.length - 1 ? call.inputs[0] : batchMajor(call);
  if (axis < x.shape.length - 1) {
    call.note(
      `layer "${options.layer}": it normalizes over axis ${axis}; the file gives the values of TensorFlow and Keras, TensorFlow.js's CPU backend gives others`,
    );
  }
  const [size] = fixed(call, [x.shape[axis]]);
  const gammaOf = (): Float32Array =>
    options.flag('scale', true) ? weights.get('gamma', [size]) : new Float32Array(size).fill(1);
  const betaOf = (): Float32Array =>
    options.flag('center', true) ? weights.get('beta', [size]) : new Float32Array(size);
  const epsilon = options.number('epsilon', 1e-3);
  const scales = (): Float64Array => {
    const gamma = gammaOf();
    return Float64Array.from(
      weights.get('moving_variance', [size]),
      (variance, index) => gamma[index] / Math.sqrt(variance + epsilon),
    );
  };
  const dims = [size, ...x.shape.slice(axis + 1).map(() => 1)];
  const scale = layerConstant(call, 'scale', dims, () => Float32Array.from(scales()));
  const shift = layerConstant(call, 'shift', dims, () => {
    const [beta, mean, factor] = [betaOf(), weights.get('moving_mean', [size]), scales()];
    return Float32Array.from({ length: size }, (_, index) => beta[index] - mean[index] * factor[index]);
  });
  const scaled = builder.single(`${path}/scale`, 'Mul', [x, scale], x);
  return [builder.single(path, 'Add', [scaled, shift], x)];
};

/** Layer normalization over one or more axes; a single node if they are the last ones. */
const convertLayerNormalization: LayerConverter = (call) => {
  const { options, weights, opset, inputs } = call;
  options.require('rms_scaling', false, 'TensorFlow.js ignores it; remove it');
  const rank = inputs[0].shape.length;
  const axes = layerAxes(call, -1);
  const onLast = axes.every((axis, index) => axis === rank - axes.length + index);
  const x = axes.length === 1 && onLast ? inputs[0] : batchMajor(call);
  const sizes = fixed(
    call,
    axes.map((axis) => x.shape[axis]),
  );
  const [first] = axes.toSorted((a, b) => a - b);
  // TensorFlow.js applies the weights in the order of x's axes, whatever order they are listed in.
  const dims = onLast
    ? sizes
    : x.shape.slice(first).map((dim, at) => (axes.includes(first + at) ? Number(dim) : 1));
  const weight = (name: string): string => layerConstant(call, name, dims, () => weights.get(name, sizes));
  const ones = (): Float32Array => new Float32Array(sizes.reduce((product, dim) => product * dim, 1)).fill(1);
  const gamma = options.flag('scale', true) ? weight('gamma') : layerConstant(call, 'gamma', dims, ones);
  const beta = options.flag('center', true) ? weight('beta') : '';
  const epsilon = options.number('epsilon', 1e-3);
  if (opset < 17 || !onLast) return [emitSpelledOut(call, x, axes, gamma, beta, epsilon)];
  const attributes: Record<string, Attribute> = {
    axis: attribute.int(-axes.length),
    epsilon: attribute.float(epsilon),
  };
  return [call.builder.single(call.path, 'LayerNormalization', [x, gamma, beta], x, attributes)];
};

/** (x - mean) / sqrt(variance + epsilon) gamma + beta, where LayerNormalization does not apply. */
function emitSpelledOut(
  call: LayerCall,
  x: Value,
  axes: readonly number[],
  gamma: string,
  beta: string,
  epsilon: number,
): Value {
  const { builder, path } = call;
  const normal = standardized(call, x, axes, epsilon);
  const scaled = builder.single(`${path}/scaled`, 'Mul', [normal, gamma], x);
  return beta === '' ? scaled : builder.single(path, 'Add', [scaled, beta], x);
}

/** (x - mean) / sqrt(variance + epsilon) over the axes. */
function standardized(call: LayerCall, x: Value, axes: readonly number[], epsilon: number): Value {
  const { builder, path } = call;
  const mean = emitReduce(call, `${path}/mean`, 'ReduceMean', x, axes, true);
  const centred = builder.single(`${path}/centred`, 'Sub', [x, mean], x);
  const square = builder.single(`${path}/square`, 'Mul', [centred, centred], x);
  const variance = emitReduce(call, `${path}/variance`, 'ReduceMean', square, axes, true);
  const kept = builder.single(`${path}/kept`, 'Add', [variance, scalar(builder, epsilon)], variance);
  const deviation = builder.single(`${path}/deviation`, 'Sqrt', [kept], variance);
  return builder.single(`${path}/normal`, 'Div', [centred, deviation], x);
}

/**
 * Group normalization over the last axis: channels in groups, each normalized over all positions.
 *
 *   [batch, ..., channels] ---> [batch, positions, groups, channels / groups] and back
 */
const convertGroupNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const x = batchMajor(call);
  const rank = x.shape.length;
  const [axis] = layerAxes(call, -1, true);
  const [channels] = fixed(call, [x.shape[rank - 1]]);
  const given = options.number('groups', 32);
  const groups = given === -1 ? channels : given;
  if (axis !== rank - 1 || !Number.isInteger(channels / groups)) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected groups over the last axis that divide its ${channels} channels, got axis ${axis} and ${groups} groups; permute the input`,
    );
  }
  const sizes = [0, -1, groups, channels / groups];
  const shape = [x.shape[0], `${path}/positions`, groups, channels / groups];
  const grouped = builder.single(`${path}/grouped`, 'Reshape', [x, builder.integers(sizes)], { shape });
  const normal = standardized(call, grouped, [1, 3], options.number('epsilon', 1e-3));
  const dims = builder.single(`${path}/shape`, 'Shape', [x], { shape: [rank], type: 'int64' });
  let y = builder.single(`${path}/flat`, 'Reshape', [normal, dims], x);
  const constant = (name: string): string =>
    layerConstant(call, name, [channels], () => weights.get(name, [channels]));
  if (options.flag('scale', true)) y = builder.single(`${path}/scaled`, 'Mul', [y, constant('gamma')], x);
  if (options.flag('center', true)) y = builder.single(path, 'Add', [y, constant('beta')], x);
  return [y];
};

/** x scale / sqrt(mean(x^2) + epsilon) over the axes. */
const convertRmsNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const x = batchMajor(call);
  const axes = layerAxes(call, -1);
  const sizes = fixed(
    call,
    axes.map((axis) => x.shape[axis]),
  );
  const [first] = axes.toSorted((a, b) => a - b);
  const dims = x.shape.slice(first).map((dim, at) => (axes.includes(first + at) ? Number(dim) : 1));
  const square = builder.single(`${path}/square`, 'Mul', [x, x], x);
  const mean = emitReduce(call, `${path}/mean`, 'ReduceMean', square, axes, true);
  const kept = builder.single(
    `${path}/kept`,
    'Add',
    [mean, scalar(builder, options.number('epsilon', 1e-6))],
    mean,
  );
  const length = builder.single(`${path}/length`, 'Sqrt', [kept], mean);
  const normal = builder.single(`${path}/normal`, 'Div', [x, length], x);
  const scale = layerConstant(call, 'scale', dims, () => weights.get('scale', sizes));
  return [builder.single(path, 'Mul', [normal, scale], x)];
};

/** x / |x| over the axes; the length is at least 1e-12, in Keras 2 its square. */
const convertUnitNormalization: LayerConverter = (call) => {
  const { builder, path, source } = call;
  const x = batchMajor(call);
  const axes = layerAxes(call, -1);
  const square = builder.single(`${path}/square`, 'Mul', [x, x], x);
  let length = emitReduce(call, `${path}/sum`, 'ReduceSum', square, axes, true);
  const least = (value: Value): Value =>
    builder.single(`${path}/least`, 'Max', [value, scalar(builder, 1e-12)], value);
  if (!isKeras(source, 3)) length = least(length);
  length = builder.single(`${path}/length`, 'Sqrt', [length], length);
  if (isKeras(source, 3)) length = least(length);
  return [builder.single(path, 'Div', [x, length], x)];
};

/** (x - mean) / max(sqrt(variance), 1e-7), or its inverse; the statistics are options, or weights after `adapt`. */
const convertNormalization: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const x = batchMajor(call);
  const { dims, mean, variance } = statistics(call, x);
  const means = layerConstant(call, 'mean', dims, mean);
  const deviations = layerConstant(call, 'deviation', dims, () =>
    variance().map((value) => Math.max(Math.sqrt(value), 1e-7)),
  );
  if (options.flag('invert', false)) {
    const scaled = builder.single(`${path}/scaled`, 'Mul', [x, deviations], x);
    return [builder.single(path, 'Add', [scaled, means], x)];
  }
  const centred = builder.single(`${path}/centred`, 'Sub', [x, means], x);
  return [builder.single(path, 'Div', [centred, deviations], x)];
};

/** Mean and variance with dims that broadcast against x. */
function statistics(
  call: LayerCall,
  x: Value,
): { dims: number[]; mean: () => Float32Array; variance: () => Float32Array } {
  const { options, weights } = call;
  // Keras writes no axis as null or as an empty list.
  const axes = ['null', '[]'].includes(JSON.stringify(options.get('axis') ?? null))
    ? []
    : layerAxes(call, -1);
  const sizes = fixed(
    call,
    axes.map((axis) => x.shape[axis]),
  );
  const first = Math.min(...axes, x.shape.length);
  const dims = x.shape.slice(first).map((dim, at) => (axes.includes(first + at) ? Number(dim) : 1));
  const count = dims.reduce((product, dim) => product * dim, 1);
  const read = (name: string): Float32Array => {
    const given = options.get(name) ?? null;
    if (given === null) return weights.get(name, sizes);
    const values = [given].flat(Infinity) as unknown[];
    const fits =
      values.every((one) => typeof one === 'number') && (values.length === 1 || values.length === count);
    if (fits) return Float32Array.from({ length: count }, (_, at) => values[values.length === 1 ? 0 : at]);
    throw new UnsupportedError(
      `layer "${options.layer}": ${name}: expected ${count} numbers, got ${JSON.stringify(given).slice(0, 80)}; give one for each feature`,
    );
  };
  return { dims, mean: () => read('mean'), variance: () => read('variance') };
}

const timing: LayerRule['timing'] = (call) =>
  layerAxes(call, -1).includes(1) ? { mixes: 'it normalizes over time' } : 'samples';

export const normalizationLayers = {
  BatchNormalization: { convert: convertBatchNormalization, mask: passMask, timing },
  GroupNormalization: {
    convert: convertGroupNormalization,
    mask: passMask,
    timing: (call) => (call.inputs[0].shape.length > 2 ? { mixes: 'it normalizes over time' } : 'samples'),
  },
  LayerNormalization: { convert: convertLayerNormalization, mask: passMask, timing },
  Normalization: { convert: convertNormalization, timing: perSample },
  RMSNormalization: { convert: convertRmsNormalization, mask: passMask, timing },
  UnitNormalization: { convert: convertUnitNormalization, mask: passMask, timing },
} satisfies LayerFamily;
