import { attribute } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import { cast, emitReduce } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, mixes } from './layerRule.ts';
import { usableMask } from './masks.ts';
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

/** [batch, ...spatial, channels] ---> [batch, channels], with keepdims [batch, 1, ..., channels] */
function convertGlobal(call: LayerCall, op: 'ReduceMax' | 'ReduceMean'): ReturnType<LayerConverter> {
  const { options, path, source } = call;
  if (!isKeras(source)) options.require('keepdims', false, 'TensorFlow.js ignores it; add a Reshape layer');
  const keep = options.flag('keepdims', false);
  const x = batchMajor(call);
  const start = channelsFirst(call) ? 2 : 1;
  const axes = Array.from({ length: x.shape.length - 2 }, (_, dim) => start + dim);
  // Keras averages over unmasked samples; TensorFlow.js ignores the mask.
  const mask = isKeras(source) && op === 'ReduceMean' && axes.length === 1 ? usableMask(call) : undefined;
  if (mask !== undefined) return [maskedMean(call, x, mask, start, keep)];
  return [emitReduce(call, path, op, x, axes, keep)];
}

/** sum(x mask) / sum(mask) over time, which is axis 1 or 2. */
function maskedMean(call: LayerCall, x: Value, mask: Value, time: number, keep: boolean): Value {
  const { builder, path } = call;
  const flat = cast(builder, `${path}/ones`, builder.inLayout(mask, false), 'float32');
  const other = time === 1 ? 2 : 1;
  const shape = time === 1 ? [...flat.shape, 1] : [flat.shape[0], 1, flat.shape[1]];
  const ones = builder.single(`${path}/mask`, 'Unsqueeze', [flat, builder.integers([other])], { shape });
  const kept = builder.single(`${path}/unmasked`, 'Mul', [x, ones], x);
  const sum = emitReduce(call, `${path}/sum`, 'ReduceSum', kept, [time], keep);
  const count = emitReduce(call, `${path}/count`, 'ReduceSum', ones, [time], keep);
  return builder.single(path, 'Div', [sum, count], sum);
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
  GlobalAveragePooling3D: globalAverage,
  GlobalMaxPooling1D: globalMax,
  GlobalMaxPooling2D: globalMax,
  GlobalMaxPooling3D: globalMax,
  MaxPooling1D: maxPooling,
  MaxPooling2D: maxPooling,
  MaxPooling3D: maxPooling,
} satisfies LayerFamily;
