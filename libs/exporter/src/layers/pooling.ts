import { attribute } from '@onda/onnx';
import { emitReduce } from '../graph/ops.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, mixes } from './layerRule.ts';
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

const convertMaxPooling: LayerConverter = (call) => convertPooling(call, 'MaxPool');
/** TensorFlow averages without the padding. */
const convertAveragePooling: LayerConverter = (call) => convertPooling(call, 'AveragePool');

function convertPooling(call: LayerCall, op: 'AveragePool' | 'MaxPool'): ReturnType<LayerConverter> {
  const { builder, path } = call;
  const given = batchMajor(call);
  const dims = given.shape.length - 2;
  const sizes = perDim(call, 'pool_size', dims, 2);
  const window: Window = {
    sizes,
    strides: perDim(call, 'strides', dims, sizes),
    dilations: sizes.map(() => 1),
    padding: paddingOf(call),
  };
  const first = channelsFirst(call);
  const x = first ? given : toChannelsFirst(call, given);
  const [batch, channels, ...places] = x.shape;
  noteSmallWindows(call, window, places);
  const y = builder.single(
    path,
    op,
    [x],
    { shape: [batch, channels, ...windowPlaces(path, window, places)] },
    {
      ...windowAttributes(window, places),
      ...(op === 'AveragePool' && { count_include_pad: attribute.int(0) }),
    },
  );
  return [first ? y : toChannelsLast(call, y)];
}

const convertGlobalMax: LayerConverter = (call) => convertGlobal(call, 'ReduceMax');
const convertGlobalAverage: LayerConverter = (call) => convertGlobal(call, 'ReduceMean');

/** [batch, ...places, channels] ---> [batch, channels] */
function convertGlobal(call: LayerCall, op: 'ReduceMax' | 'ReduceMean'): ReturnType<LayerConverter> {
  call.options.require('keepdims', false, 'TensorFlow.js ignores it; add a Reshape layer');
  const x = batchMajor(call);
  const start = channelsFirst(call) ? 2 : 1;
  const axes = Array.from({ length: x.shape.length - 2 }, (_, dim) => start + dim);
  return [emitReduce(call, call.path, op, x, axes, false)];
}

const timing: LayerRule['timing'] = (call) => windowTiming(call, 'pool_size', false);
const maxPooling: LayerRule = { convert: convertMaxPooling, timing };
const averagePooling: LayerRule = { convert: convertAveragePooling, timing };
const overAll = mixes('it pools over all samples');
const globalMax: LayerRule = { convert: convertGlobalMax, timing: overAll };
const globalAverage: LayerRule = { convert: convertGlobalAverage, timing: overAll };

export const poolingLayers = {
  AveragePooling1D: averagePooling,
  AveragePooling2D: averagePooling,
  AveragePooling3D: averagePooling,
  GlobalAveragePooling1D: globalAverage,
  GlobalAveragePooling2D: globalAverage,
  GlobalMaxPooling1D: globalMax,
  GlobalMaxPooling2D: globalMax,
  MaxPooling1D: maxPooling,
  MaxPooling2D: maxPooling,
  MaxPooling3D: maxPooling,
} satisfies LayerFamily;
