import { attribute } from '@onda/onnx';
import { emitActive } from './activeWindow.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';
import { fixed } from './shapes.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import type { Window } from './window.ts';
import {
  channelsFirst,
  noteSmallWindows,
  paddingOf,
  perDim,
  toChannelsFirst,
  windowAttributes,
  windowPlaces,
  windowTiming,
} from './window.ts';

const convertConv1D: LayerConverter = (call) => convertConv(call, 1, false);
const convertConv2D: LayerConverter = (call) => convertConv(call, 2, false);
const convertConv3D: LayerConverter = (call) => convertConv(call, 3, false);
const convertDepthwiseConv2D: LayerConverter = (call) => {
  if (perDim(call, 'dilation_rate', 2, 1).some((rate) => rate !== 1)) {
    call.options.require('dilation_rate', 1, 'TensorFlow.js takes no notice of it; leave dilationRate out');
  }
  return convertConv(call, 2, true);
};

/**
 * A convolution over one to three dims.
 *
 *   x [batch, ...places, channels] ---> [batch, ...places, filters]
 *   kernel [...sizes, channels, filters] ---> ONNX [filters, channels, ...sizes]
 *   depthwise kernel [...sizes, channels, multiplier] ---> ONNX [channels * multiplier, 1, ...sizes], a group a channel
 */
function convertConv(call: LayerCall, dims: number, depthwise: boolean): ReturnType<LayerConverter> {
  const { builder, path, options, weights } = call;
  const window: Window = {
    sizes: perDim(call, 'kernel_size', dims, 1),
    strides: perDim(call, 'strides', dims, 1),
    dilations: perDim(call, 'dilation_rate', dims, 1),
    padding: dims === 1 ? options.choice('padding', ['valid', 'same', 'causal'], 'valid') : paddingOf(call),
  };
  options.require('groups', 1, 'TensorFlow.js has no groups of channels; leave groups out');
  const first = channelsFirst(call);
  if (first && dims === 1) {
    // tfjs-layers convolutional.ts, conv1dWithBias.
    options.require(
      'data_format',
      'channels_last',
      'TensorFlow.js takes channels first there and gives them last',
    );
  }
  const given = batchMajor(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channelDim, ...places] = x.shape;
  noteSmallWindows(call, window, places);
  const [channels] = fixed(call, [channelDim]);
  const multiplier = depthwise ? options.count('depth_multiplier') : options.count('filters');
  const filters = depthwise ? channels * multiplier : multiplier;
  const stored = [...window.sizes, channels, multiplier];
  const written = [filters, depthwise ? 1 : channels, ...window.sizes];
  const kernelName = depthwise ? 'depthwise_kernel' : 'kernel';
  const kernel = layerConstant(call, 'kernel', written, () =>
    swapKernel(weights.get(kernelName, stored), channels, multiplier, depthwise),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const y = builder.single(
    `${path}/conv`,
    'Conv',
    [x, kernel, bias],
    { shape: [batch, filters, ...windowPlaces(path, window, places)] },
    { ...windowAttributes(window, places), group: attribute.int(depthwise ? channels : 1) },
  );
  return [emitActive(call, y)];
}

/** A kernel [...sizes, channels, filters] with its last two dims before the others; for a depthwise one those two are one. */
export function swapKernel(
  kernel: Float32Array,
  channels: number,
  filters: number,
  depthwise: boolean,
): Float32Array {
  const area = kernel.length / (channels * filters);
  const result = new Float32Array(kernel.length);
  for (let place = 0; place < area; place++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let filter = 0; filter < filters; filter++) {
        const row = depthwise ? channel * filters + filter : filter * channels + channel;
        result[row * area + place] = kernel[(place * channels + channel) * filters + filter];
      }
    }
  }
  return result;
}

const timing: LayerRule['timing'] = (call) => windowTiming(call, 'kernel_size', true);

export const convolutionLayers = {
  Conv1D: { convert: convertConv1D, timing },
  Conv2D: { convert: convertConv2D, timing },
  Conv3D: { convert: convertConv3D, timing },
  DepthwiseConv2D: {
    convert: convertDepthwiseConv2D,
    timing: (call) => windowTiming(call, 'kernel_size', false),
  },
} satisfies LayerFamily;
