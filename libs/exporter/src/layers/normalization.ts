import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { emitReduce, scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, layerAxes, layerConstant } from './layerRule.ts';
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
  const mean = emitReduce(call, `${path}/mean`, 'ReduceMean', x, axes, true);
  const centred = builder.single(`${path}/centred`, 'Sub', [x, mean], x);
  const square = builder.single(`${path}/square`, 'Mul', [centred, centred], x);
  const variance = emitReduce(call, `${path}/variance`, 'ReduceMean', square, axes, true);
  const kept = builder.single(`${path}/kept`, 'Add', [variance, scalar(builder, epsilon)], variance);
  const deviation = builder.single(`${path}/deviation`, 'Sqrt', [kept], variance);
  const normal = builder.single(`${path}/normal`, 'Div', [centred, deviation], x);
  const scaled = builder.single(`${path}/scaled`, 'Mul', [normal, gamma], x);
  return beta === '' ? scaled : builder.single(path, 'Add', [scaled, beta], x);
}

const timing: LayerRule['timing'] = (call) =>
  layerAxes(call, -1).includes(1) ? { mixes: 'it normalizes over time' } : 'samples';

export const normalizationLayers = {
  BatchNormalization: { convert: convertBatchNormalization, mask: passMask, timing },
  LayerNormalization: { convert: convertLayerNormalization, mask: passMask, timing },
} satisfies LayerFamily;
