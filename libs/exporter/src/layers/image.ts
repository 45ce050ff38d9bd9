import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Dim, Value } from '../graph/value.ts';
import { toTheEnd } from '../graph/toTheEnd.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';
import type { LayerFamily, Timing } from './layerRule.ts';
import { channelsFirst, perDim, toChannelsFirst, toChannelsLast } from './window.ts';

/** The axes of height and width. */
function places(call: LayerCall): [height: number, width: number] {
  return channelsFirst(call) ? [2, 3] : [1, 2];
}

/** [[top, bottom], [left, right]], given so, as [vertical, horizontal], or as one number for all. */
function sides({ options }: LayerCall, name: string, fallback: number): number[] {
  const given = options.get(name) ?? fallback;
  const pairs: unknown[] = Array.isArray(given) ? given : [given, given];
  const flat = pairs.flatMap((pair): unknown[] => (Array.isArray(pair) ? (pair as unknown[]) : [pair, pair]));
  if (flat.length === 4 && flat.every((side) => Number.isSafeInteger(side) && (side as number) >= 0)) {
    return flat as number[];
  }
  throw new UnsupportedError(
    `layer "${options.layer}": ${name}: expected [[top, bottom], [left, right]], got ${JSON.stringify(given)}; give whole numbers`,
  );
}

/** The shape with some places more or less at height and width. */
function resized(call: LayerCall, { shape }: Value, change: (place: number, axis: 0 | 1) => number): Dim[] {
  const [height, width] = places(call);
  return shape.map((dim, axis): Dim => {
    if (axis !== height && axis !== width) return dim;
    return typeof dim === 'number' ? change(dim, axis === height ? 0 : 1) : `${call.path}/place:${axis}`;
  });
}

const convertZeroPadding2D: LayerConverter = (call) => {
  const x = batchMajor(call);
  const [top, bottom, left, right] = sides(call, 'padding', 1);
  const [before, after] = [
    [top, left],
    [bottom, right],
  ].map(([vertical, horizontal]) => {
    const pads = [0, 0, 0, 0];
    const [height, width] = places(call);
    pads[height] = vertical;
    pads[width] = horizontal;
    return pads;
  });
  const shape = resized(call, x, (place, axis) => place + (axis === 0 ? top + bottom : left + right));
  const pads = call.builder.integers([...before, ...after]);
  return [
    call.builder.single(call.path, 'Pad', [x, pads], { shape }, { mode: attribute.string('constant') }),
  ];
};

const convertCropping2D: LayerConverter = (call) => {
  const { builder, path } = call;
  const x = batchMajor(call);
  const [top, bottom, left, right] = sides(call, 'cropping', 0);
  const shape = resized(call, x, (place, axis) => place - (axis === 0 ? top + bottom : left + right));
  // An end before the end counts from behind; no cropping there is beyond every size.
  const ends = [bottom, right].map((side) => (side === 0 ? toTheEnd : -side));
  const inputs = [[top, left], ends, places(call)].map((values) => builder.integers(values));
  return [builder.single(path, 'Slice', [x, ...inputs], { shape })];
};

/** Every place repeated, or the places in between on a line from one to the next: place p lies at p / size, without half a place to it. */
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
      coordinate_transformation_mode: attribute.string('asymmetric'),
      ...(mode === 'nearest' && { nearest_mode: attribute.string('floor') }),
    },
  );
  return [first ? y : toChannelsLast(call, y)];
};

/** The height is axis 1, and so time, unless the channels come first. */
function heightTiming(call: LayerCall, left: boolean): Timing {
  return channelsFirst(call) || left ? 'samples' : { mixes: 'it changes the number of samples' };
}

export const imageLayers = {
  Cropping2D: {
    convert: convertCropping2D,
    timing: (call) => {
      const [top, bottom] = sides(call, 'cropping', 0);
      return heightTiming(call, top + bottom === 0);
    },
  },
  UpSampling2D: {
    convert: convertUpSampling2D,
    timing: (call) => heightTiming(call, perDim(call, 'size', 2, 2)[0] === 1),
  },
  ZeroPadding2D: {
    convert: convertZeroPadding2D,
    timing: (call) => {
      const [top, bottom] = sides(call, 'padding', 1);
      return heightTiming(call, top + bottom === 0);
    },
  },
} satisfies LayerFamily;
