import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { scalar } from '../graph/scalar.ts';
import { emitActivation } from './activations.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import { eachSample } from './layerRule.ts';
import { keptMask } from './maskRules.ts';

/** Layers that do nothing outside of training, and those that only name a value. */
const convertNothing: LayerConverter = ({ inputs }) => inputs;

const convertActivation: LayerConverter = ({ builder, path, options, inputs }) => [
  emitActivation(builder, path, inputs[0], options),
];

/** A layer that is one op, value by value. */
function single(op: string, attributes: (call: LayerCall) => Record<string, Attribute>): LayerConverter {
  return (call) => {
    const [x] = call.inputs;
    return [call.builder.single(call.path, op, [x], x, attributes(call))];
  };
}

/** Keras 3 calls the slope negative_slope. */
const convertLeakyReLU = single('LeakyRelu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', options.number('negative_slope', 0.3))),
}));

const convertELU = single('Elu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', 1)),
}));

/** x where x > theta, else 0; ONNX's alpha is theta. */
const convertThresholdedReLU = single('ThresholdedRelu', ({ options }) => ({
  alpha: attribute.float(options.number('theta', 1)),
}));

/**
 * min(f(x), maxValue) with f(x) = x from the threshold on, below it slope (x - threshold). TensorFlow.js has the largest value only; the other
 * two come from Keras.
 */
const convertReLU: LayerConverter = ({ builder, path, options, inputs: [x] }) => {
  const slope = options.number('negative_slope', 0);
  const threshold = options.number('threshold', 0);
  const limited = (options.get('max_value') ?? null) !== null;
  const most = limited ? scalar(builder, options.number('max_value', 0)) : '';
  if (slope === 0 && threshold === 0) {
    return [
      limited
        ? builder.single(path, 'Clip', [x, scalar(builder, 0), most], x)
        : builder.single(path, 'Relu', [x], x),
    ];
  }
  const from = scalar(builder, threshold);
  const above = builder.single(`${path}/above`, 'GreaterOrEqual', [x, from], { ...x, type: 'bool' });
  const past = builder.single(`${path}/past`, 'Sub', [x, from], x);
  const below = builder.single(`${path}/below`, 'Mul', [past, scalar(builder, slope)], x);
  const y = builder.single(limited ? `${path}/unlimited` : path, 'Where', [above, x, below], x);
  return [limited ? builder.single(path, 'Min', [y, most], x) : y];
};

/** x where x >= 0, else alpha x, with an alpha for each place of [time, ...]. */
const convertPReLU: LayerConverter = (call) => {
  const x = batchMajor(call);
  const axes = sharedAxes(call);
  const dims = x.shape.slice(1).map((dim, index) => (axes.has(index + 1) ? 1 : dim));
  if (!dims.every((dim) => typeof dim === 'number')) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected fixed dims to have an alpha each, got [${x.shape.join(', ')}]; list the others in sharedAxes`,
    );
  }
  const alpha = layerConstant(call, 'alpha', dims, () => call.weights.get('alpha', dims));
  return [call.builder.single(call.path, 'PRelu', [x, alpha], x)];
};

function sharedAxes({ options }: LayerCall): ReadonlySet<unknown> {
  const shared = options.get('shared_axes') ?? [];
  return new Set(Array.isArray(shared) ? (shared as unknown[]) : [shared]);
}

const nothing: LayerRule = { convert: convertNothing, mask: keptMask, timing: eachSample };

export const pointwiseLayers = {
  Activation: { convert: convertActivation, mask: keptMask, timing: eachSample },
  AlphaDropout: nothing,
  Dropout: nothing,
  // TensorFlow.js's ELU, LeakyReLU and ThresholdedReLU do not support masks: none goes on.
  ELU: { convert: convertELU, timing: eachSample },
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  LeakyReLU: { convert: convertLeakyReLU, timing: eachSample },
  PReLU: {
    convert: convertPReLU,
    mask: keptMask,
    timing: (call) => (sharedAxes(call).has(1) ? 'samples' : { mixes: 'it has an alpha for each sample' }),
  },
  ReLU: { convert: convertReLU, mask: keptMask, timing: eachSample },
  SpatialDropout1D: nothing,
  ThresholdedReLU: { convert: convertThresholdedReLU, timing: eachSample },
} satisfies LayerFamily;
