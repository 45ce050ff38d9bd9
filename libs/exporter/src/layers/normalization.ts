import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { layerConstant } from './layerCall.ts';
import { emitReduce } from './reduce.ts';
import { fixed } from './shapes.ts';

/**
 * Batch normalization outside of training: x s + t, with s = gamma / sqrt(variance + epsilon) and t = beta - mean s formed in float64.
 *
 * Over the last axis only: for others TensorFlow.js's own CPU backend gives values of other places (batch_norm does not broadcast).
 */
export const convertBatchNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const [x] = call.inputs;
  const last = x.shape.length - 1;
  checkLastAxis(call, last);
  const [size] = fixed(call, [x.shape[last]]);
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
  const scale = layerConstant(call, 'scale', [size], () => Float32Array.from(scales()));
  const shift = layerConstant(call, 'shift', [size], () => {
    const [beta, mean, factor] = [betaOf(), weights.get('moving_mean', [size]), scales()];
    return Float32Array.from({ length: size }, (_, index) => beta[index] - mean[index] * factor[index]);
  });
  const scaled = builder.single(`${path}/scale`, 'Mul', [x, scale], x);
  return [builder.single(path, 'Add', [scaled, shift], x)];
};

/** Layer normalization over the last axis. */
export const convertLayerNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights, opset } = call;
  const [x] = call.inputs;
  const last = x.shape.length - 1;
  checkLastAxis(call, last);
  const [size] = fixed(call, [x.shape[last]]);
  const ones = (): Float32Array => new Float32Array(size).fill(1);
  const scaled = options.flag('scale', true);
  const gamma = layerConstant(call, 'gamma', [size], () => (scaled ? weights.get('gamma', [size]) : ones()));
  const beta = options.flag('center', true)
    ? layerConstant(call, 'beta', [size], () => weights.get('beta', [size]))
    : '';
  const epsilon = options.number('epsilon', 1e-3);
  if (opset >= 17) {
    const attributes: Record<string, Attribute> = {
      axis: attribute.int(-1),
      epsilon: attribute.float(epsilon),
    };
    return [builder.single(path, 'LayerNormalization', [x, gamma, beta], x, attributes)];
  }
  return [emitSpelledOut(call, x, gamma, beta, epsilon)];
};

/** (x - mean) / sqrt(variance + epsilon) gamma + beta, for operator sets that have no LayerNormalization. */
function emitSpelledOut(call: LayerCall, x: Value, gamma: string, beta: string, epsilon: number): Value {
  const { builder, path } = call;
  const name = `float32.${epsilon}`;
  const small = builder.shared(name, () => floatTensor(name, [], Float32Array.of(epsilon)));
  const mean = emitReduce(call, `${path}/mean`, 'ReduceMean', x, [-1], true);
  const centred = builder.single(`${path}/centred`, 'Sub', [x, mean], x);
  const square = builder.single(`${path}/square`, 'Mul', [centred, centred], x);
  const variance = emitReduce(call, `${path}/variance`, 'ReduceMean', square, [-1], true);
  const kept = builder.single(`${path}/kept`, 'Add', [variance, small], variance);
  const deviation = builder.single(`${path}/deviation`, 'Sqrt', [kept], variance);
  const normal = builder.single(`${path}/normal`, 'Div', [centred, deviation], x);
  const scaled = builder.single(`${path}/scaled`, 'Mul', [normal, gamma], x);
  return beta === '' ? scaled : builder.single(path, 'Add', [scaled, beta], x);
}

/** @throws UnsupportedError when the layer works on another axis than the last */
function checkLastAxis({ options }: LayerCall, last: number): void {
  const given = options.get('axis') ?? -1;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 1 && (list[0] === -1 || list[0] === last)) return;
  throw new UnsupportedError(
    `layer "${options.layer}": axis: expected the last axis, ${last}, got ${JSON.stringify(given)}; normalize over the last axis`,
  );
}
