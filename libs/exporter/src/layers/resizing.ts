import { attribute, floatTensor } from '@onda/onnx';
import { axis } from '../graph/axis.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import { fixed, transposed } from './shapes.ts';

/** Which place of the input each place of the result is, and -1 where it is none. */
type Places = readonly number[];

/**
 * Images of another size, [batch, height, width, channels]: each place the one that TensorFlow.js takes (resizeNearestNeighbor), or on a line
 * between two. Corners fall on corners unless crop_to_aspect_ratio is set, which does nothing but that in TensorFlow.js.
 */
const convertResizing: LayerConverter = (call) => {
  const { options } = call;
  const corners = !options.flag('crop_to_aspect_ratio', false);
  const size = sizeOf(call);
  if (options.choice('interpolation', ['bilinear', 'nearest'], 'bilinear') === 'bilinear') {
    return [emitLinear(call, size, corners)];
  }
  const x = batchMajor(call);
  const [height, width] = fixed(call, x.shape.slice(1, 3));
  return [emitPlaces(call, x, [nearest(height, size[0], corners), nearest(width, size[1], corners)])];
};

/** The middle of images, as TensorFlow.js cuts it out, cropAndResize and all; images that are too small are made larger. */
const convertCenterCrop: LayerConverter = (call) => {
  const x = batchMajor(call);
  const size = sizeOf(call);
  const given = fixed(call, x.shape.slice(1, 3));
  const rests = given.map((places, dim) => (places === size[dim] ? 0 : Math.floor((places - size[dim]) / 2)));
  // A width of one place more is cut at its left (center_crop.ts).
  const before = [rests[0], given[1] !== size[1] && rests[1] === 0 ? 1 : rests[1]];
  if (before.some((rest) => rest < 0)) return [emitLinear(call, size, false)];
  return [
    emitPlaces(call, x, [0, 1].map((dim) => cropped(given[dim], size[dim], before[dim])) as [Places, Places]),
  ];
};

function sizeOf({ options }: LayerCall): [height: number, width: number] {
  return [options.count('height'), options.count('width')];
}

/** Places as resizeNearestNeighbor takes them. */
function nearest(from: number, to: number, corners: boolean): Places {
  const scale = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, place) =>
    Math.min(from - 1, corners ? Math.round(place * scale) : Math.floor(place * scale)),
  );
}

/** Places as cropAndResize takes them, with its box in float32. */
function cropped(from: number, to: number, before: number): Places {
  const [start, end] = [Math.fround(before / from), Math.fround((to + before) / from)];
  const scale = to > 1 ? ((end - start) * (from - 1)) / (to - 1) : 0;
  return Array.from({ length: to }, (_, place) => {
    const at = to > 1 ? start * (from - 1) + place * scale : 0.5 * (start + end) * (from - 1);
    return at < 0 || at > from - 1 ? -1 : Math.round(at);
  });
}

/** Takes places of height and width; zeros where there is none. */
function emitPlaces({ builder, path }: LayerCall, x: Value, places: readonly [Places, Places]): Value {
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

function emitLinear(call: LayerCall, size: readonly [number, number], corners: boolean): Value {
  const { builder, path } = call;
  const x = transposed(call, batchMajor(call), [0, 3, 1, 2], `${path}/channels_first`);
  const [batch, channelDim, ...places] = x.shape;
  const [channels] = fixed(call, [channelDim, ...places]);
  // Sizes, not scales: those are float32, and 5 times 7/5 may be 6 places. The batch is taken over as it is.
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
      coordinate_transformation_mode: attribute.string(corners ? 'align_corners' : 'asymmetric'),
    },
  );
  return transposed(call, y, [0, 2, 3, 1], path);
}

const timing: LayerRule['timing'] = () => ({ mixes: 'it changes the number of samples' });

export const resizingLayers = {
  CenterCrop: { convert: convertCenterCrop, timing },
  Resizing: { convert: convertResizing, timing },
} satisfies LayerFamily;
