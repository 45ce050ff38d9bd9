import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { emitReduce, scalar } from '../graph/ops.ts';
import { emitActivation } from './activations.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, layerAxes, layerConstant, perSample } from './layerRule.ts';
import { passMask } from './masks.ts';

/** Layers without effect at inference. */
const convertIdentity: LayerConverter = ({ inputs }) => inputs;

const convertActivation: LayerConverter = ({ builder, path, options, inputs }) => [
  emitActivation(builder, path, inputs[0], options),
];

/** A layer that is one element-wise op. */
function singleOp(op: string, attributes: (call: LayerCall) => Record<string, Attribute>): LayerConverter {
  return (call) => {
    const [x] = call.inputs;
    return [call.builder.single(call.path, op, [x], x, attributes(call))];
  };
}

/** Keras 3's name for the slope is negative_slope. */
const convertLeakyReLU = singleOp('LeakyRelu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', options.number('negative_slope', 0.3))),
}));

const convertELU = singleOp('Elu', ({ options }) => ({
  alpha: attribute.float(options.number('alpha', 1)),
}));

/** x where x > theta, else 0; ONNX's name for theta is alpha. */
const convertThresholdedReLU = singleOp('ThresholdedRelu', ({ options }) => ({
  alpha: attribute.float(options.number('theta', 1)),
}));

/**
 * min(f(x), maxValue) with f(x) = x from the threshold on and slope (x - threshold) below. TensorFlow.js has only max_value; the other
 * options come from Keras.
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

/** x where x >= 0, else alpha x, with an alpha for each element of [time, ...]. */
const convertPReLU: LayerConverter = (call) => {
  const x = batchMajor(call);
  const axes = sharedAxes(call);
  const dims = x.shape.slice(1).map((dim, index) => (axes.has(index + 1) ? 1 : dim));
  if (!dims.every((dim) => typeof dim === 'number')) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected fixed dims, which alpha needs, got [${x.shape.join(', ')}]; list the others in sharedAxes`,
    );
  }
  const alpha = layerConstant(call, 'alpha', dims, () => call.weights.get('alpha', dims));
  return [call.builder.single(call.path, 'PRelu', [x, alpha], x)];
};

function sharedAxes({ options }: LayerCall): ReadonlySet<unknown> {
  const shared = options.get('shared_axes') ?? [];
  return new Set(Array.isArray(shared) ? (shared as unknown[]) : [shared]);
}

const identity: LayerRule = { convert: convertIdentity, mask: passMask, timing: perSample };
/** Keras augments images in training only. */
const augmentation: LayerRule = { convert: convertIdentity, timing: perSample };

/**
 * Softmax over one or more axes; the default is axis 1. Over an axis before the last TensorFlow.js throws; Keras computes it.
 * Over several axes: exp(x - log sum exp x), as in TensorFlow.js.
 */
const convertSoftmax: LayerConverter = (call) => {
  const { builder, path, options, mask } = call;
  if (mask !== null) {
    throw new UnsupportedError(
      `layer "${options.layer}": a mask over samples is not supported on a Softmax layer; use an Activation layer, or remove the mask`,
    );
  }
  const axes = layerAxes(call, 1);
  const rank = call.inputs[0].shape.length;
  const onLast = axes.length === 1 && axes[0] === rank - 1;
  const x = onLast ? call.inputs[0] : batchMajor(call);
  if (axes.length === 1) {
    return [builder.single(path, 'Softmax', [x], x, { axis: attribute.int(axes[0] - rank) })];
  }
  const sum = emitReduce(call, `${path}/log_sum`, 'ReduceLogSumExp', x, axes, true);
  return [builder.single(path, 'Exp', [builder.single(`${path}/less`, 'Sub', [x, sum], x)], x)];
};

export const activationLayers = {
  Activation: { convert: convertActivation, mask: passMask, timing: perSample },
  ActivityRegularization: identity,
  AlphaDropout: identity,
  Dropout: identity,
  // In TensorFlow.js ELU, LeakyReLU, ThresholdedReLU and Softmax do not support masks.
  ELU: { convert: convertELU, kerasMask: passMask, timing: perSample },
  GaussianDropout: identity,
  GaussianNoise: identity,
  LeakyReLU: { convert: convertLeakyReLU, kerasMask: passMask, timing: perSample },
  PReLU: {
    convert: convertPReLU,
    mask: passMask,
    timing: (call) => (sharedAxes(call).has(1) ? 'samples' : { mixes: 'it has an alpha per sample' }),
  },
  ReLU: { convert: convertReLU, mask: passMask, timing: perSample },
  Identity: identity,
  RandomBrightness: augmentation,
  RandomContrast: augmentation,
  RandomFlip: augmentation,
  RandomRotation: augmentation,
  RandomTranslation: augmentation,
  RandomZoom: augmentation,
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  SpatialDropout3D: identity,
  ThresholdedReLU: { convert: convertThresholdedReLU, kerasMask: passMask, timing: perSample },
  Softmax: {
    convert: convertSoftmax,
    timing: (call) => (layerAxes(call, 1).includes(1) ? { mixes: 'its softmax is over time' } : 'samples'),
  },
} satisfies LayerFamily;
