import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { axesOf } from './axes.ts';
import { batchMajor } from './layerCall.ts';
import type { LayerConverter } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { emitReduce } from './reduce.ts';

/**
 * Softmax over one axis or more; the default is axis 1. Over one that is not the last TensorFlow.js gives an error; it is what Keras computes.
 * Over more than one: exp(x - log sum exp x), as TensorFlow.js has it.
 */
const convertSoftmax: LayerConverter = (call) => {
  const { builder, path, options, mask } = call;
  if (mask !== null) {
    throw new UnsupportedError(
      `layer "${options.layer}": TensorFlow.js cannot lay a mask over samples on a Softmax layer; take an Activation layer, or do not mask`,
    );
  }
  const axes = axesOf(call, 1);
  const rank = call.inputs[0].shape.length;
  const onLast = axes.length === 1 && axes[0] === rank - 1;
  const x = onLast ? call.inputs[0] : batchMajor(call);
  if (axes.length === 1) {
    return [builder.single(path, 'Softmax', [x], x, { axis: attribute.int(axes[0] - rank) })];
  }
  const sum = emitReduce(call, `${path}/log_sum`, 'ReduceLogSumExp', x, axes, true);
  return [builder.single(path, 'Exp', [builder.single(`${path}/less`, 'Sub', [x, sum], x)], x)];
};

export const softmaxLayers = {
  Softmax: {
    convert: convertSoftmax,
    timing: (call) => (axesOf(call, 1).includes(1) ? { mixes: 'its softmax is over time' } : 'samples'),
  },
} satisfies LayerFamily;
