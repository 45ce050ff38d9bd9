import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { INT_MAX_SLICE_END } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule } from './layerRule.ts';
import { batchMajor, mixes } from './layerRule.ts';
import { fixed } from './reshaping.ts';
import { channelsFirst } from './window.ts';

/** Elements before and after each spatial dim. */
type Sides = readonly (readonly [before: number, after: number])[];

/** One pair for each spatial dim: from pairs, from one number for each dim, or from one number; for one dim also from a plain pair. */
function sides({ options }: LayerCall, name: string, dims: number, fallback: number): Sides {
  const given = options.get(name) ?? fallback;
  const single = dims === 1 && Array.isArray(given) && given.length === 2;
  const list: unknown[] = single ? [given] : Array.isArray(given) ? given : Array<unknown>(dims).fill(given);
  const pairs = list.map((side): unknown[] => (Array.isArray(side) ? (side as unknown[]) : [side, side]));
  const fits = pairs.every(
    (pair) => pair.length === 2 && pair.every((side) => Number.isSafeInteger(side) && Number(side) >= 0),
  );
  if (fits && pairs.length === dims) return pairs as unknown as Sides;
  throw new UnsupportedError(
    `layer "${options.layer}": ${name}: expected ${dims === 2 ? '[[top, bottom], [left, right]]' : `${dims} pairs [before, after]`}, got ${JSON.stringify(given)}; give whole numbers`,
  );
}

function firstAxis(call: LayerCall): number {
  return channelsFirst(call) ? 2 : 1;
}

/** The shape with its spatial dims changed. */
function resized(call: LayerCall, { shape }: Value, given: Sides, sign: 1 | -1): Dim[] {
  const start = firstAxis(call);
  return shape.map((dim, axis): Dim => {
    const pair = given.at(axis - start);
    if (axis < start || pair === undefined || axis >= start + given.length) return dim;
    return typeof dim === 'number' ? dim + sign * (pair[0] + pair[1]) : `${call.path}/place:${axis}`;
  });
}

const padding =
  (dims: number): LayerConverter =>
  (call) => {
    const x = batchMajor(call);
    const given = sides(call, 'padding', dims, 1);
    const start = firstAxis(call);
    const pads = [0, 1].flatMap((end) =>
      x.shape.map((_, axis) => (axis >= start && axis < start + dims ? given[axis - start][end] : 0)),
    );
    const shape = resized(call, x, given, 1);
    const mode = { mode: attribute.string('constant') };
    return [call.builder.single(call.path, 'Pad', [x, call.builder.integers(pads)], { shape }, mode)];
  };

const cropping =
  (dims: number): LayerConverter =>
  (call) => {
    const { builder, path } = call;
    const x = batchMajor(call);
    const given = sides(call, 'cropping', dims, dims === 2 ? 0 : 1);
    const start = firstAxis(call);
    // A negative end counts from the end; without cropping the end is INT_MAX.
    const ends = given.map(([, after]) => (after === 0 ? INT_MAX_SLICE_END : -after));
    const axes = given.map((_, dim) => start + dim);
    const inputs = [given.map(([before]) => before), ends, axes].map((values) => builder.integers(values));
    return [builder.single(path, 'Slice', [x, ...inputs], { shape: resized(call, x, given, -1) })];
  };

/** Repeats every sample: [batch, time, features] ---> [batch, time size, features]. */
const convertUpSampling1D: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const x = batchMajor(call);
  const size = options.count('size');
  const [batch, time, featureDim] = x.shape;
  const [features] = fixed(call, [featureDim]);
  const wide = builder.single(`${path}/wide`, 'Unsqueeze', [x, builder.integers([2])], {
    shape: [batch, time, 1, features],
  });
  const repeated = builder.single(`${path}/repeated`, 'Tile', [wide, builder.integers([1, 1, size, 1])], {
    shape: [batch, time, size, features],
  });
  const longer = typeof time === 'number' ? time * size : `${path}/time`;
  return [
    builder.single(path, 'Reshape', [repeated, builder.integers([0, -1, features])], {
      shape: [batch, longer, features],
    }),
  ];
};

/** Axis 1 is time, unless channels come first. */
const sided = (convert: LayerConverter, name: string, dims: number, fallback: number): LayerRule => ({
  convert,
  timing: (call) => {
    const [[before, after]] = sides(call, name, dims, fallback);
    return channelsFirst(call) || before + after === 0
      ? 'samples'
      : { mixes: 'it changes the number of samples' };
  },
});

export const paddingLayers = {
  Cropping1D: sided(cropping(1), 'cropping', 1, 1),
  Cropping2D: sided(cropping(2), 'cropping', 2, 0),
  Cropping3D: sided(cropping(3), 'cropping', 3, 1),
  UpSampling1D: { convert: convertUpSampling1D, timing: mixes('it changes the number of samples') },
  ZeroPadding1D: sided(padding(1), 'padding', 1, 1),
  ZeroPadding2D: sided(padding(2), 'padding', 2, 1),
  ZeroPadding3D: sided(padding(3), 'padding', 3, 1),
} satisfies LayerFamily;
