import { attribute } from '@onda/onnx';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';
import { emitReduce } from './reduce.ts';
import type { Window } from './window.ts';
import {
  channelsFirst,
  paddingOf,
  perDim,
  toChannelsFirst,
  toChannelsLast,
  windowAttributes,
  windowPlaces,
} from './window.ts';

export const convertMaxPooling: LayerConverter = (call) => convertPooling(call, 'MaxPool');
/** TensorFlow counts only the places that are there. */
export const convertAveragePooling: LayerConverter = (call) => convertPooling(call, 'AveragePool');

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

export const convertGlobalMax: LayerConverter = (call) => convertGlobal(call, 'ReduceMax');
export const convertGlobalAverage: LayerConverter = (call) => convertGlobal(call, 'ReduceMean');

/** [batch, ...places, channels] ---> [batch, channels] */
function convertGlobal(call: LayerCall, op: 'ReduceMax' | 'ReduceMean'): ReturnType<LayerConverter> {
  const x = batchMajor(call);
  const start = channelsFirst(call) ? 2 : 1;
  const axes = Array.from({ length: x.shape.length - 2 }, (_, dim) => start + dim);
  return [emitReduce(call, call.path, op, x, axes, false)];
}
