import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';
import { fixed } from './shapes.ts';

/**
 * Batch normalization outside of training, on one axis: x s + t, with s = gamma / sqrt(variance + epsilon) and t = beta - mean s formed in
 * float64.
 */
export const convertBatchNormalization: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const given = options.number('axis', -1);
  const rank = call.inputs[0].shape.length;
  const place = given < 0 ? given + rank : given;
  // The last axis is where it is in both layouts.
  const x = place === rank - 1 ? call.inputs[0] : batchMajor(call);
  if (!Number.isInteger(place) || place < 1 || place >= rank) {
    throw new UnsupportedError(`layer "${options.layer}": axis: expected an axis after the batch, got ${given}; take -1`);
  }
  const [size] = fixed(call, [x.shape[place]]);
  const dims = place === rank - 1 ? [size] : [size, ...Array<number>(rank - 1 - place).fill(1)];
  const weight = (name: string, otherwise: number): Float32Array =>
    otherwise === 1 && !options.flag('scale', true) ? new Float32Array(size).fill(1) :
    name === 'beta' && !options.flag('center', true) ? new Float32Array(size) : weights.get(name, [size]);
  const epsilon = options.number('epsilon', 1e-3);
  const scales = (): Float64Array => {
    const gamma = weight('gamma', 1);
    return Float64Array.from(weights.get('moving_variance', [size]), (variance, index) => gamma[index] / Math.sqrt(variance + epsilon));
  };
  const scale = layerConstant(call, 'scale', dims, () => Float32Array.from(scales()));
  const shift = layerConstant(call, 'shift', dims, () => {
    const [beta, mean, factor] = [weight('beta', 0), weights.get('moving_mean', [size]), scales()];
    return Float32Array.from({ length: size }, (_, index) => beta[index] - mean[index] * factor[index]);
  });
  const scaled = builder.single(`${path}/scale`, 'Mul', [x, scale], x);
  return [builder.single(path, 'Add', [scaled, shift], x)];
};
