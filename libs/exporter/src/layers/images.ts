import { attribute, floatTensor } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import { axis } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule, Timing } from './layerRule.ts';
import { batchMajor } from './layerRule.ts';
import { fixed, transposed } from './reshaping.ts';
import { channelsFirst, perDim, toChannelsFirst, toChannelsLast } from './window.ts';

/**
 * Repeats each pixel, or interpolates linearly. TensorFlow.js puts output pixel p at p / size of the input, Keras with half-pixel centers at
 * (p + 1/2) / size - 1/2.
 */
const convertUpSampling2D: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const mode = options.choice('interpolation', ['nearest', 'bilinear'], 'nearest');
  const size = perDim(call, 'size', 2, 2);
  const given = batchMajor(call);
  const first = channelsFirst(call);
  const x = first ? given : toChannelsFirst(call, given);
  const name = `${path}/scales`;
  const scales = builder.shared(name, () => floatTensor(name, [4], Float32Array.of(1, 1, ...size)));
  const shape = x.shape.map((dim, axis): Dim => {
    if (axis < 2) return dim;
    return typeof dim === 'number' ? dim * size[axis - 2] : `${path}/place:${axis}`;
  });
  const y = builder.single(
    path,
    'Resize',
    [x, '', scales],
    { shape },
    {
      mode: attribute.string(mode === 'nearest' ? 'nearest' : 'linear'),
      coordinate_transformation_mode: attribute.string(
        mode === 'bilinear' && isKeras(call.source) ? 'half_pixel' : 'asymmetric',
      ),
      ...(mode === 'nearest' && { nearest_mode: attribute.string('floor') }),
    },
  );
  return [first ? y : toChannelsLast(call, y)];
};

/** Axis 1 is the height, and so time, unless channels come first. */
function heightTiming(call: LayerCall, left: boolean): Timing {
  return channelsFirst(call) || left ? 'samples' : { mixes: 'it changes the number of samples' };
}

/** For each output pixel the index of its source pixel, or -1 for zero. */
type SourceIndices = readonly number[];

/**
 * Resizes images [batch, height, width, channels] as TensorFlow.js does (resizeNearestNeighbor, resizeBilinear): with aligned corners unless
 * crop_to_aspect_ratio is set, the only effect that option has in TensorFlow.js. Keras resizes with half-pixel centers (tf.image.resize), with
 * crop_to_aspect_ratio the largest centered part of the target's aspect ratio (smart_resize).
 */
const convertResizing: LayerConverter = (call) => {
  const { options, source } = call;
  if (isKeras(source)) {
    options.require('pad_to_aspect_ratio', false, 'set it to false');
    const crop = options.flag('crop_to_aspect_ratio', false);
    return [
      emitKerasResize(call, options.choice('interpolation', ['bilinear', 'nearest'], 'bilinear'), crop),
    ];
  }
  const corners = !options.flag('crop_to_aspect_ratio', false);
  const size = targetSize(call);
  if (options.choice('interpolation', ['bilinear', 'nearest'], 'bilinear') === 'bilinear') {
    return [emitLinear(call, size, corners ? 'align_corners' : 'asymmetric')];
  }
  const x = batchMajor(call);
  const [height, width] = fixed(call, x.shape.slice(1, 3));
  return [
    emitGather(call, x, [nearestIndices(height, size[0], corners), nearestIndices(width, size[1], corners)]),
  ];
};

/** The center of images, cut as TensorFlow.js does (cropAndResize); smaller images are enlarged. */
const convertCenterCrop: LayerConverter = (call) => {
  const x = batchMajor(call);
  const size = targetSize(call);
  const given = fixed(call, x.shape.slice(1, 3));
  if (isKeras(call.source)) {
    if (given.some((places, dim) => places < size[dim])) return [emitKerasResize(call, 'bilinear', true)];
    const starts = given.map((places, dim) => Math.trunc((places - size[dim]) / 2));
    return [emitSlice(call, call.path, x, starts, size)];
  }
  const rests = given.map((places, dim) => (places === size[dim] ? 0 : Math.floor((places - size[dim]) / 2)));
  // An image one column wider loses its left column (center_crop.ts).
  const before = [rests[0], given[1] !== size[1] && rests[1] === 0 ? 1 : rests[1]];
  if (before.some((rest) => rest < 0)) return [emitLinear(call, size, 'asymmetric')];
  return [
    emitGather(
      call,
      x,
      [0, 1].map((dim) => croppedIndices(given[dim], size[dim], before[dim])) as [
        SourceIndices,
        SourceIndices,
      ],
    ),
  ];
};

/** Keras' tf.image.resize, or smart_resize with `crop`. */
function emitKerasResize(call: LayerCall, interpolation: 'bilinear' | 'nearest', crop: boolean): Value {
  const { path } = call;
  requireChannelsLast(call);
  const size = targetSize(call);
  let x = batchMajor(call);
  if (crop) {
    const [height, width] = fixed(call, x.shape.slice(1, 3));
    const kept = [
      Math.max(Math.min(height, Math.trunc((width * size[0]) / size[1])), 1),
      Math.max(Math.min(width, Math.trunc((height * size[1]) / size[0])), 1),
    ];
    const starts = [height - kept[0], width - kept[1]].map((rest) => Math.trunc(rest / 2));
    x = emitSlice(call, `${path}/crop`, x, starts, kept);
  }
  if (interpolation === 'bilinear') return emitLinear(call, size, 'half_pixel', x);
  const [height, width] = fixed(call, x.shape.slice(1, 3));
  return emitGather(call, x, [halfPixelIndices(height, size[0]), halfPixelIndices(width, size[1])]);
}

function emitSlice(
  { builder }: LayerCall,
  name: string,
  x: Value,
  starts: readonly number[],
  sizes: readonly number[],
): Value {
  const ends = starts.map((start, dim) => start + sizes[dim]);
  const shape = x.shape.map((dim, at) => (at === 1 || at === 2 ? sizes[at - 1] : dim));
  const inputs = [starts, ends, [1, 2]].map((values) => builder.integers(values));
  return builder.single(name, 'Slice', [x, ...inputs], { shape });
}

/** Source indices of tf.image.resize with method nearest, in float32. */
function halfPixelIndices(from: number, to: number): SourceIndices {
  const scale = Math.fround(from / to);
  return Array.from({ length: to }, (_, place) =>
    Math.min(from - 1, Math.floor(Math.fround((place + 0.5) * scale))),
  );
}

function requireChannelsLast(call: LayerCall): void {
  if (channelsFirst(call)) call.options.require('data_format', 'channels_last', 'use channels_last');
}

function targetSize({ options }: LayerCall): [height: number, width: number] {
  return [options.count('height'), options.count('width')];
}

/** Source indices of resizeNearestNeighbor. */
function nearestIndices(from: number, to: number, corners: boolean): SourceIndices {
  const scale = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, place) =>
    Math.min(from - 1, corners ? Math.round(place * scale) : Math.floor(place * scale)),
  );
}

/** Source indices of cropAndResize, with its box in float32. */
function croppedIndices(from: number, to: number, before: number): SourceIndices {
  const [start, end] = [Math.fround(before / from), Math.fround((to + before) / from)];
  const scale = to > 1 ? ((end - start) * (from - 1)) / (to - 1) : 0;
  return Array.from({ length: to }, (_, place) => {
    const at = to > 1 ? start * (from - 1) + place * scale : 0.5 * (start + end) * (from - 1);
    return at < 0 || at > from - 1 ? -1 : Math.round(at);
  });
}

/** Gathers rows and columns; index -1 gives zeros. */
function emitGather(
  { builder, path }: LayerCall,
  x: Value,
  places: readonly [SourceIndices, SourceIndices],
): Value {
  let result = x;
  places.forEach((list, dim) => {
    const part = ['rows', 'columns'][dim];
    const shape = result.shape.map((size, at) => (at === dim + 1 ? list.length : size));
    const taken = builder.integers(list.map((place) => Math.max(place, 0)));
    const name = dim === 1 ? path : `${path}/${part}`;
    result = builder.single(name, 'Gather', [result, taken], { shape, type: x.type }, axis(dim + 1));
    if (!list.includes(-1)) return;
    const there = builder.constant(
      floatTensor(
        `${path}/${part}_there`,
        dim === 0 ? [list.length, 1, 1] : [list.length, 1],
        Float32Array.from(list, (place) => (place < 0 ? 0 : 1)),
      ),
    );
    result = builder.single(`${path}/${part}_inside`, 'Mul', [result, there], result);
  });
  return result;
}

function emitLinear(
  call: LayerCall,
  size: readonly [number, number],
  coordinates: 'align_corners' | 'asymmetric' | 'half_pixel',
  image = batchMajor(call),
): Value {
  const { builder, path } = call;
  const x = transposed(call, image, [0, 3, 1, 2], `${path}/channels_first`);
  const [batch, channelDim, ...places] = x.shape;
  const [channels] = fixed(call, [channelDim, ...places]);
  // Sizes instead of scales: scales are float32, and 5 * (7 / 5) may round to 6. The batch is copied.
  const part = (name: string, op: string, inputs: (Value | string)[], length: number, more = {}): Value =>
    builder.single(`${path}/${name}`, op, inputs, { shape: [length], type: 'int64' }, more);
  const shape = part('shape', 'Shape', [x], 4);
  const kept = part('kept', 'Slice', [shape, builder.integers([0]), builder.integers([2])], 2);
  const sizes = part('sizes', 'Concat', [kept, builder.integers(size)], 4, axis(0));
  const y = builder.single(
    `${path}/resize`,
    'Resize',
    [x, '', '', sizes],
    { shape: [batch, channels, ...size] },
    {
      mode: attribute.string('linear'),
      coordinate_transformation_mode: attribute.string(coordinates),
    },
  );
  return transposed(call, y, [0, 2, 3, 1], path);
}

const timing: LayerRule['timing'] = () => ({ mixes: 'it changes the number of samples' });

export const imageLayers = {
  UpSampling2D: {
    convert: convertUpSampling2D,
    timing: (call) => heightTiming(call, perDim(call, 'size', 2, 2)[0] === 1),
  },
  CenterCrop: { convert: convertCenterCrop, timing },
  Resizing: { convert: convertResizing, timing },
} satisfies LayerFamily;
