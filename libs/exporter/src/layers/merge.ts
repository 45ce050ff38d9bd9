import { floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { axis } from '../graph/axis.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import { eachSample } from './layerRule.ts';
import type { Mask } from './mask.ts';
import type { MaskRule } from './maskRules.ts';

/** Inputs in one layout: time-major when all of them lie so. */
function alike({ builder, inputs }: LayerCall): Value[] {
  const timeMajor = inputs.every((input) => input.timeMajor);
  return inputs.map((input) => builder.inLayout(input, timeMajor));
}

/** The dims of a result to which inputs of one rank are broadcast. */
function broadcast(call: LayerCall, values: readonly Value[]): { shape: Dim[]; timeMajor: boolean } {
  const [first] = values;
  if (values.length < 2 || values.some(({ shape }) => shape.length !== first.shape.length)) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected two inputs or more of one rank, got ${values.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}; reshape them before`,
    );
  }
  const shape = first.shape.map(
    (dim, index) => values.find((value) => value.shape[index] !== 1)?.shape[index] ?? dim,
  );
  return { shape, timeMajor: first.timeMajor };
}

/** Inputs taken together two at a time, as TensorFlow.js does. */
function folded(op: string): LayerConverter {
  return (call) => {
    const values = alike(call);
    const like = broadcast(call, values);
    const [first, ...rest] = values;
    return [rest.reduce((sum, value) => call.builder.single(call.path, op, [sum, value], like), first)];
  };
}

const convertAdd = folded('Add');
const convertMultiply = folded('Mul');
const convertMaximum = folded('Max');
const convertMinimum = folded('Min');

const convertAverage: LayerConverter = (call) => {
  const { builder, path, inputs } = call;
  const [sum] = convertAdd({ ...call, path: `${path}/sum` });
  const name = `float32.1/${inputs.length}`;
  const share = builder.shared(name, () => floatTensor(name, [], Float32Array.of(1 / inputs.length)));
  return [builder.single(path, 'Mul', [sum, share], sum)];
};

const convertConcatenate: LayerConverter = (call) => {
  const values = alike(call);
  const [{ shape: first, timeMajor }] = values;
  const given = call.options.number('axis', -1);
  const place = joinedAxis(call);
  // In the time-major layout batch and time have changed places.
  const at = timeMajor && place < 2 ? 1 - place : place;
  const sizes = values.map(({ shape }) => shape[at]);
  if (
    !Number.isInteger(place) ||
    place < 1 ||
    place >= first.length ||
    values.some(({ shape }) => shape.length !== first.length)
  ) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": axis: expected an axis after the batch that all inputs have, got ${given}; reshape them before`,
    );
  }
  const numbers = sizes.filter((size) => typeof size === 'number');
  const joined: Dim =
    numbers.length === sizes.length ? numbers.reduce((sum, size) => sum + size, 0) : `${call.path}/joined`;
  const shape = first.map((dim, index) => (index === at ? joined : dim));
  return [
    call.builder.single(call.path, 'Concat', values, { shape, timeMajor, type: values[0].type }, axis(at)),
  ];
};

function joinedAxis({ options, inputs }: LayerCall): number {
  const given = options.number('axis', -1);
  return given < 0 ? given + inputs[0].shape.length : given;
}

/**
 * TensorFlow.js puts an axis before the mask of a merge layer (merge.ts, Merge.computeMask), and then multiplies values [batch, units] by
 * masks [1, time].
 */
const mergedMask: MaskRule = ({ options }, masks) => {
  if (masks.every((mask) => mask === null)) return null;
  return { spoilt: `layer "${options.layer}" merges masks into a shape of its own` };
};

/** What counts in all of them, joined along features; along time the masks one after the other, of which each must be there. */
const concatenatedMask: MaskRule = (call, masks) => {
  const { builder, path, options, inputs } = call;
  const given = masks.filter((mask) => mask !== null);
  if (given.length === 0) return null;
  const values = given.flatMap((mask) =>
    mask.spoilt === undefined ? [builder.inLayout(mask.value, false)] : [],
  );
  const [first, ...rest] = values;
  const spoilt: Mask = { spoilt: `layer "${options.layer}" joins masks of another shape than its values` };
  if (values.length < given.length || inputs[0].shape.length !== 3) return spoilt;
  const place = joinedAxis(call);
  if (place === 2) {
    return {
      value: rest.reduce((both, value) => builder.single(`${path}/mask`, 'And', [both, value], both), first),
    };
  }
  if (place !== 1 || values.length < masks.length) return spoilt;
  const times = values.map(({ shape }) => shape[1]);
  const joined = times.every((time) => typeof time === 'number')
    ? times.reduce((sum, time) => sum + time, 0)
    : `${path}/joined`;
  const like = { shape: [first.shape[0], joined], type: 'bool' as const };
  return { value: builder.single(`${path}/mask`, 'Concat', values, like, axis(1)) };
};

const merging = (convert: LayerConverter): LayerRule => ({ convert, mask: mergedMask, timing: eachSample });

export const mergeLayers = {
  Add: merging(convertAdd),
  Average: merging(convertAverage),
  Concatenate: {
    convert: convertConcatenate,
    mask: concatenatedMask,
    timing: (call) => (joinedAxis(call) === 1 ? { mixes: 'it joins sequences along time' } : 'samples'),
  },
  Maximum: merging(convertMaximum),
  Minimum: merging(convertMinimum),
  Multiply: merging(convertMultiply),
} satisfies LayerFamily;
