import { attribute } from '@onda/onnx';
import type { Dim } from '../graph/value.ts';
import { emitActive } from './activeWindow.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor, layerConstant } from './layerCall.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import { fixed } from './shapes.ts';
import type { Window } from './window.ts';
import {
  channelsFirst,
  noteSmallWindows,
  paddingOf,
  perDim,
  toChannelsFirst,
  windowTiming,
} from './window.ts';

/**
 * The gradient of a convolution as a layer.
 *
 *   kernel [...sizes, filters, channels] ---> ONNX [channels, filters, ...sizes]
 *
 * Places: valid, place * stride + max(size - stride, 0); same, place * stride, cut as the convolution would pad, the odd one at the end.
 */
function convertTranspose(call: LayerCall, dims: number): ReturnType<LayerConverter> {
  const { builder, path, options, weights } = call;
  if (perDim(call, 'dilation_rate', dims, 1).some((rate) => rate !== 1)) {
    options.require('dilation_rate', 1, 'TensorFlow.js takes no notice of it; leave dilationRate out');
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
    turned(weights.get('kernel', [...sizes, filters, channels]), filters, channels),
  );
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [filters], () => weights.get('bias', [filters]))
    : '';
  const cuts = sizes.map((size, dim) => (same ? Math.max(size - strides[dim], 0) : 0));
  const before = cuts.map((cut) => Math.floor(cut / 2));
  const walked = places.map((place, dim): Dim => {
    if (typeof place !== 'number') return `${path}/place:${dim}`;
    return place * strides[dim] + (same ? 0 : Math.max(sizes[dim] - strides[dim], 0));
  });
  // The convolution whose gradient this is walks over the places that this one gives.
  const window: Window = { sizes, strides, dilations: sizes.map(() => 1), padding: paddingOf(call) };
  noteSmallWindows(call, window, walked);
  const y = builder.single(
    `${path}/conv`,
    'ConvTranspose',
    [x, kernel, bias],
    { shape: [batch, filters, ...walked] },
    {
      kernel_shape: attribute.ints(sizes),
      strides: attribute.ints(strides),
      pads: attribute.ints([...before, ...cuts.map((cut, dim) => cut - before[dim])]),
      output_padding: attribute.ints(sizes.map((size, dim) => Math.max(strides[dim] - size, 0))),
    },
  );
  return [emitActive(call, y)];
}

/** [...sizes, filters, channels] ---> [channels, filters, ...sizes] */
function turned(kernel: Float32Array, filters: number, channels: number): Float32Array {
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

const timing: LayerRule['timing'] = (call) => windowTiming(call, 'kernel_size', true);

export const transposedConvolutionLayers = {
  Conv2DTranspose: { convert: (call) => convertTranspose(call, 2), timing },
  Conv3DTranspose: { convert: (call) => convertTranspose(call, 3), timing },
} satisfies LayerFamily;
