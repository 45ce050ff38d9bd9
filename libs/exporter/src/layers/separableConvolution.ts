import { attribute } from '@onda/onnx';
import { emitActive } from './activeWindow.ts';
import { swapKernel } from './convolution.ts';
import type { LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { fixed } from './shapes.ts';
import type { Window } from './window.ts';
import {
  channelsFirst,
  paddingOf,
  perDim,
  toChannelsFirst,
  windowAttributes,
  windowPlaces,
  windowTiming,
} from './window.ts';

/**
 * A depthwise convolution and one over the channels of each place: two Conv nodes.
 *
 *   depthwise kernel [...sizes, channels, multiplier], pointwise kernel [1, 1, channels * multiplier, filters]
 */
const convertSeparableConv2D: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const window: Window = {
    sizes: perDim(call, 'kernel_size', 2, 1),
    strides: perDim(call, 'strides', 2, 1),
    dilations: perDim(call, 'dilation_rate', 2, 1),
    padding: paddingOf(call),
  };
  const first = channelsFirst(call);
  // TensorFlow.js adds the bias before it puts the channels first, and would add it along the height.
  if (first) options.require('use_bias', false, 'take dataFormat channelsLast', true);
  const given = batchMajor(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channelDim, ...places] = x.shape;
  const [channels] = fixed(call, [channelDim]);
  // TensorFlow.js does not save the option depthMultiplier.
  const multiplier = weights.lastDim('depthwise_kernel');
  const filters = options.count('filters');
  const inner = channels * multiplier;
  const depthwise = layerConstant(call, 'depthwise', [inner, 1, ...window.sizes], () =>
    swapKernel(
      weights.get('depthwise_kernel', [...window.sizes, channels, multiplier]),
      channels,
      multiplier,
      true,
    ),
  );
  const pointwise = layerConstant(call, 'pointwise', [filters, inner, 1, 1], () =>
    swapKernel(weights.get('pointwise_kernel', [1, 1, inner, filters]), inner, filters, false),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const walked = windowPlaces(path, window, places);
  const apart = builder.single(
    `${path}/depthwise_conv`,
    'Conv',
    [x, depthwise],
    { shape: [batch, inner, ...walked] },
    { ...windowAttributes(window, places), group: attribute.int(channels) },
  );
  const y = builder.single(
    `${path}/pointwise_conv`,
    'Conv',
    [apart, pointwise, bias],
    { shape: [batch, filters, ...walked] },
    { kernel_shape: attribute.ints([1, 1]) },
  );
  return [emitActive(call, y, true)];
};

export const separableConvolutionLayers = {
  SeparableConv2D: {
    convert: convertSeparableConv2D,
    timing: (call) => windowTiming(call, 'kernel_size', true),
  },
} satisfies LayerFamily;
