import { attribute } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import type { Dim, Value } from '../graph/value.ts';
import { emitActivation, isOverAxis } from './activations.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, layerConstant } from './layerRule.ts';
import { fixed } from './reshaping.ts';
import type { Window } from './window.ts';
import {
  channelsFirst,
  noteSmallWindows,
  paddingOf,
  perDim,
  toChannelsFirst,
  toChannelsLast,
  windowAttributes,
  windowPlaces,
  windowTiming,
} from './window.ts';

const convertConv1D: LayerConverter = (call) => convertConv(call, 1, false);
const convertConv2D: LayerConverter = (call) => convertConv(call, 2, false);
const convertConv3D: LayerConverter = (call) => convertConv(call, 3, false);
const convertDepthwiseConv1D: LayerConverter = (call) => convertConv(call, 1, true);
const convertDepthwiseConv2D: LayerConverter = (call) => {
  if (!isKeras(call.source) && perDim(call, 'dilation_rate', 2, 1).some((rate) => rate !== 1)) {
    call.options.require('dilation_rate', 1, 'TensorFlow.js ignores it; remove dilationRate');
  }
  return convertConv(call, 2, true);
};

/**
 * A convolution over one to three spatial dims.
 *
 *   x [batch, ...spatial, channels] ---> [batch, ...spatial, filters]
 *   kernel [...sizes, channels, filters] ---> ONNX [filters, channels, ...sizes]
 *   depthwise kernel [...sizes, channels, multiplier] ---> ONNX [channels * multiplier, 1, ...sizes], one group per channel
 */
function convertConv(call: LayerCall, dims: number, depthwise: boolean): ReturnType<LayerConverter> {
  const { builder, path, options, weights } = call;
  const window: Window = {
    sizes: perDim(call, 'kernel_size', dims, 1),
    strides: perDim(call, 'strides', dims, 1),
    dilations: perDim(call, 'dilation_rate', dims, 1),
    padding: dims === 1 ? options.choice('padding', ['valid', 'same', 'causal'], 'valid') : paddingOf(call),
  };
  if (!isKeras(call.source))
    options.require('groups', 1, 'TensorFlow.js has no channel groups; remove groups');
  const groups = depthwise ? 1 : options.number('groups', 1);
  const first = channelsFirst(call);
  if (first && dims === 1) {
    // tfjs-layers convolutional.ts, conv1dWithBias.
    options.require(
      'data_format',
      'channels_last',
      'TensorFlow.js takes channels first but outputs them last; use channels_last',
    );
  }
  const given = batchMajor(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channelDim, ...places] = x.shape;
  noteSmallWindows(call, window, places);
  const [channels] = fixed(call, [channelDim]);
  const multiplier = depthwise ? options.count('depth_multiplier') : options.count('filters');
  const filters = depthwise ? channels * multiplier : multiplier;
  const inputs = channels / groups;
  const stored = [...window.sizes, inputs, multiplier];
  const written = [filters, depthwise ? 1 : inputs, ...window.sizes];
  // Keras 3 calls the depthwise kernel `kernel`.
  const kernelName = depthwise ? weights.firstOf('depthwise_kernel', 'kernel') : 'kernel';
  const kernel = layerConstant(call, 'kernel', written, () =>
    swapKernel(weights.get(kernelName, stored), inputs, multiplier, depthwise),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const y = builder.single(
    `${path}/conv`,
    'Conv',
    [x, kernel, bias],
    { shape: [batch, filters, ...windowPlaces(path, window, places)] },
    { ...windowAttributes(window, places), group: attribute.int(depthwise ? channels : groups) },
  );
  return [emitWindowActivation(call, y)];
}

/** Moves the last two dims of a kernel [...sizes, channels, filters] to the front; a depthwise kernel has them merged. */
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

/**
 * A depthwise convolution followed by a pointwise one: two Conv nodes.
 *
 *   depthwise kernel [...sizes, channels, multiplier], pointwise kernel [1, 1, channels * multiplier, filters]
 */
function convertSeparable(call: LayerCall, dims: number): ReturnType<LayerConverter> {
  const { builder, path, options, weights } = call;
  const window: Window = {
    sizes: perDim(call, 'kernel_size', dims, 1),
    strides: perDim(call, 'strides', dims, 1),
    dilations: perDim(call, 'dilation_rate', dims, 1),
    padding: dims === 1 ? options.choice('padding', ['valid', 'same', 'causal'], 'valid') : paddingOf(call),
  };
  const single = window.sizes.map(() => 1);
  const first = channelsFirst(call);
  // TensorFlow.js adds the bias before it moves the channels, and so along the height.
  if (first) options.require('use_bias', false, 'use dataFormat channelsLast', true);
  const given = batchMajor(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channelDim, ...places] = x.shape;
  const [channels] = fixed(call, [channelDim]);
  // TensorFlow.js does not save depthMultiplier.
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
  const pointwise = layerConstant(call, 'pointwise', [filters, inner, ...single], () =>
    swapKernel(weights.get('pointwise_kernel', [...single, inner, filters]), inner, filters, false),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const outputSizes = windowPlaces(path, window, places);
  const apart = builder.single(
    `${path}/depthwise_conv`,
    'Conv',
    [x, depthwise],
    { shape: [batch, inner, ...outputSizes] },
    { ...windowAttributes(window, places), group: attribute.int(channels) },
  );
  const y = builder.single(
    `${path}/pointwise_conv`,
    'Conv',
    [apart, pointwise, bias],
    { shape: [batch, filters, ...outputSizes] },
    { kernel_shape: attribute.ints(single) },
  );
  return [emitWindowActivation(call, y, true)];
}

/**
 * A transposed convolution.
 *
 *   kernel [...sizes, filters, channels] ---> ONNX [channels, filters, ...sizes]
 *
 * Output size: valid, size * stride + max(kernel - stride, 0); same, size * stride, cropped where the convolution would pad, the odd one at the end.
 */
function convertTranspose(call: LayerCall, dims: number): ReturnType<LayerConverter> {
  const { builder, path, options, weights } = call;
  if (perDim(call, 'dilation_rate', dims, 1).some((rate) => rate !== 1)) {
    options.require('dilation_rate', 1, 'TensorFlow.js ignores it; remove dilationRate');
  }
  const sizes = perDim(call, 'kernel_size', dims, 1);
  const strides = perDim(call, 'strides', dims, 1);
  const same = paddingOf(call) === 'same';
  const first = channelsFirst(call);
  const given = batchMajor(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channelDim, ...places] = x.shape;
  const [channels] = fixed(call, [channelDim]);
  const filters = options.count('filters');
  const kernel = layerConstant(call, 'kernel', [channels, filters, ...sizes], () =>
    transposeKernel(weights.get('kernel', [...sizes, filters, channels]), filters, channels),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const cuts = sizes.map((size, dim) => (same ? Math.max(size - strides[dim], 0) : 0));
  const before = cuts.map((cut) => Math.floor(cut / 2));
  const outputSizes = places.map((place, dim): Dim => {
    if (typeof place !== 'number') return `${path}/place:${dim}`;
    return place * strides[dim] + (same ? 0 : Math.max(sizes[dim] - strides[dim], 0));
  });
  // The corresponding convolution slides over the output of this one.
  const window: Window = { sizes, strides, dilations: sizes.map(() => 1), padding: paddingOf(call) };
  noteSmallWindows(call, window, outputSizes);
  const y = builder.single(
    `${path}/conv`,
    'ConvTranspose',
    [x, kernel, bias],
    { shape: [batch, filters, ...outputSizes] },
    {
      kernel_shape: attribute.ints(sizes),
      strides: attribute.ints(strides),
      pads: attribute.ints([...before, ...cuts.map((cut, dim) => cut - before[dim])]),
      output_padding: attribute.ints(sizes.map((size, dim) => Math.max(strides[dim] - size, 0))),
    },
  );
  return [emitWindowActivation(call, y)];
}

/** [...sizes, filters, channels] ---> [channels, filters, ...sizes] */
function transposeKernel(kernel: Float32Array, filters: number, channels: number): Float32Array {
  const area = kernel.length / (filters * channels);
  const result = new Float32Array(kernel.length);
  for (let place = 0; place < area; place++) {
    for (let filter = 0; filter < filters; filter++) {
      for (let channel = 0; channel < channels; channel++) {
        result[(channel * filters + filter) * area + place] =
          kernel[(place * filters + filter) * channels + channel];
      }
    }
  }
  return result;
}

/**
 * A convolution's output, channels first, with the layer's activation and in the layer's data format. An element-wise activation
 * comes before the Transpose, so that a following convolution can take its output directly.
 *
 * @param alwaysOverChannels whether softmax is over channels even if they come first
 */
function emitWindowActivation(call: LayerCall, y: Value, alwaysOverChannels = false): Value {
  const { builder, path, options } = call;
  const first = channelsFirst(call);
  if (!isOverAxis(options) || (first && !alwaysOverChannels)) {
    const active = emitActivation(builder, path, y, options);
    return first ? active : toChannelsLast(call, active);
  }
  const active = emitActivation(builder, path, toChannelsLast(call, y), options);
  return first ? toChannelsFirst(call, active) : active;
}

export const convolutionLayers = {
  Conv1D: { convert: convertConv1D, timing },
  Conv2D: { convert: convertConv2D, timing },
  Conv3D: { convert: convertConv3D, timing },
  DepthwiseConv1D: {
    convert: convertDepthwiseConv1D,
    timing: (call) => windowTiming(call, 'kernel_size', false),
  },
  DepthwiseConv2D: {
    convert: convertDepthwiseConv2D,
    timing: (call) => windowTiming(call, 'kernel_size', false),
  },
  SeparableConv1D: {
    convert: (call) => convertSeparable(call, 1),
    timing: (call) => windowTiming(call, 'kernel_size', true),
  },
  SeparableConv2D: {
    convert: (call) => convertSeparable(call, 2),
    timing: (call) => windowTiming(call, 'kernel_size', true),
  },
  Conv1DTranspose: { convert: (call) => convertTranspose(call, 1), timing },
  Conv2DTranspose: { convert: (call) => convertTranspose(call, 2), timing },
  Conv3DTranspose: { convert: (call) => convertTranspose(call, 3), timing },
} satisfies LayerFamily;
