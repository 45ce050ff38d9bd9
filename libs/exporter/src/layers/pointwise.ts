import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { emitActivation } from './activations.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';

/** Layers that do nothing outside of training, and those that only name a value. */
export const convertNothing: LayerConverter = ({ inputs }) => inputs;

export const convertActivation: LayerConverter = ({ builder, path, options, inputs }) => [
  emitActivation(builder, path, inputs[0], options),
];

/** A layer that is one op, value by value. */
function single(op: string, attributes: (call: LayerCall) => Record<string, Attribute>): LayerConverter {
  return (call) => {
    const [x] = call.inputs;
    return [call.builder.single(call.path, op, [x], x, attributes(call))];
  };
}

export const convertLeakyReLU = single('LeakyRelu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', 0.3)),
}));

export const convertELU = single('Elu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', 1)),
}));

/** x where x > theta, else 0; ONNX's alpha is theta. */
export const convertThresholdedReLU = single('ThresholdedRelu', ({ options }) => ({
  alpha: attribute.float(options.number('theta', 1)),
}));

/** min(max(x, 0), maxValue); Keras's other options are refused. */
export const convertReLU: LayerConverter = ({ builder, path, options, inputs: [x] }) => {
  options.require('negative_slope', 0, 'take a LeakyReLU layer instead');
  options.require('threshold', 0, 'take a ThresholdedReLU layer instead');
  if ((options.get('max_value') ?? null) === null) return [builder.single(path, 'Relu', [x], x)];
  const scalar = (value: number): string => {
    const name = `float32.${value}`;
    return builder.shared(name, () => floatTensor(name, [], Float32Array.of(value)));
  };
  const most = scalar(options.number('max_value', 0));
  return [builder.single(path, 'Clip', [x, scalar(0), most], x)];
};

/** x where x >= 0, else alpha x, with an alpha for each place of [time, ...]. */
export const convertPReLU: LayerConverter = (call) => {
  const x = batchMajor(call);
  const shared = call.options.get('shared_axes');
  const axes = new Set(Array.isArray(shared) ? (shared as unknown[]) : []);
  const dims = x.shape.slice(1).map((dim, index) => (axes.has(index + 1) ? 1 : dim));
  if (!dims.every((dim) => typeof dim === 'number')) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected fixed dims to have an alpha each, got [${x.shape.join(', ')}]; list the others in sharedAxes`,
    );
  }
  const alpha = layerConstant(call, 'alpha', dims, () => call.weights.get('alpha', dims));
  return [call.builder.single(call.path, 'PRelu', [x, alpha], x)];
};

/** Over the last axis, the only one that TensorFlow.js computes; its default is axis 1. */
export const convertSoftmax: LayerConverter = ({ builder, path, options, inputs: [x] }) => {
  const given = options.get('axis') ?? 1;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const last = x.shape.length - 1;
  if (list.length !== 1 || (list[0] !== -1 && list[0] !== last)) {
    throw new UnsupportedError(
      `layer "${options.layer}": axis: expected the last axis, ${last}, got ${JSON.stringify(given)}; take axis -1`,
    );
  }
  return [builder.single(path, 'Softmax', [x], x, { axis: attribute.int(-1) })];
};
