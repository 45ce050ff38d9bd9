import { attribute, floatTensor } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, emitReduce, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule, Mask, MaskRule } from './layerRule.ts';
import { batchMajor, perSample } from './layerRule.ts';

/** All inputs in one layout: time-major if all of them are. */
function alike({ builder, inputs }: LayerCall): Value[] {
  const timeMajor = inputs.every((input) => input.timeMajor);
  return inputs.map((input) => builder.inLayout(input, timeMajor));
}

/** The broadcast shape of inputs of equal rank. */
function broadcast(call: LayerCall, values: readonly Value[]): { shape: Dim[]; timeMajor: boolean } {
  const [first] = values;
  if (values.length < 2 || values.some(({ shape }) => shape.length !== first.shape.length)) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected two or more inputs of equal rank, got ${values.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}; reshape them first`,
    );
  }
  const shape = first.shape.map(
    (dim, index) => values.find((value) => value.shape[index] !== 1)?.shape[index] ?? dim,
  );
  return { shape, timeMajor: first.timeMajor };
}

/** Combines inputs pairwise from the left, as TensorFlow.js does. */
function folded(op: string): LayerConverter {
  return (call) => {
    const values = alike(call);
    const like = broadcast(call, values);
    const [first, ...rest] = values;
    return [rest.reduce((sum, value) => call.builder.single(call.path, op, [sum, value], like), first)];
  };
}

const convertAdd = folded('Add');

/** The difference of exactly two inputs. */
const convertSubtract: LayerConverter = (call) => {
  if (call.inputs.length === 2) return folded('Sub')(call);
  throw new UnsupportedError(
    `layer "${call.options.layer}": expected two inputs, got ${call.inputs.length}; subtract two at a time`,
  );
};

/**
 * Multiply, Maximum and Minimum. From 3.4 on Keras ignores masked values of an input: they count as 1 in a product, zero where all inputs
 * are masked, and as the other value in a maximum or minimum.
 */
function maskAware(op: 'Mul' | 'Max' | 'Min'): LayerConverter {
  const plain = folded(op);
  return (call) => {
    const { builder, path, masks, source, inputs } = call;
    if (!isKeras(source, 3, 4) || masks.every((mask) => mask === null)) return plain(call);
    const flags = masks.map((mask, index) => flagOf(call, mask, index));
    const where = (part: string, flag: Value | null, x: Value, other: Value | string): Value =>
      flag === null ? x : builder.single(`${path}/${part}`, 'Where', [flag, x, other], x);
    const either = (part: string, a: Value | null, b: Value | null): Value | null =>
      a && b && builder.single(`${path}/${part}`, 'Or', [a, b], a);
    const values = inputs.map((_, index) => batchMajor(call, index));
    const like = broadcast(call, values);
    if (op === 'Mul') {
      const ones = values.map((x, index) => where(`unmasked:${index}`, flags[index], x, scalar(builder, 1)));
      const [first, ...rest] = ones;
      const product = rest.reduce((y, x) => builder.single(`${path}/product`, 'Mul', [y, x], like), first);
      const any = flags.reduce((a, b, index) => either(`any:${index}`, a, b));
      return [where('masked', any, product, scalar(builder, 0))];
    }
    let [output] = values;
    let [known] = flags;
    for (let index = 1; index < values.length; index++) {
      const x = where(`other:${index}`, flags[index], values[index], output);
      output = where(`kept:${index}`, known, output, x);
      known = either(`any:${index}`, known, flags[index]);
      output = builder.single(path, op, [output, x], like);
    }
    return [output];
  };
}

/** The mask of an input [batch, time, ...] as [batch, time, 1]. */
function flagOf(
  { builder, path, inputs, options }: LayerCall,
  mask: Mask | null,
  index: number,
): Value | null {
  if (mask === null || mask.unusable !== undefined) return null;
  if (inputs[index].shape.length !== 3) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected masked inputs [batch, time, features], got [${inputs[index].shape.join(', ')}]; remove the masks`,
    );
  }
  const value = builder.inLayout(mask.value, false);
  return builder.single(`${path}/flag:${index}`, 'Unsqueeze', [value, builder.integers([2])], {
    shape: [...value.shape, 1],
    type: 'bool',
  });
}

const convertMultiply = maskAware('Mul');
const convertMaximum = maskAware('Max');
const convertMinimum = maskAware('Min');

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
  // In the time-major layout batch and time are swapped.
  const at = timeMajor && place < 2 ? 1 - place : place;
  const sizes = values.map(({ shape }) => shape[at]);
  if (
    !Number.isInteger(place) ||
    place < 1 ||
    place >= first.length ||
    values.some(({ shape }) => shape.length !== first.length)
  ) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": axis: expected an axis after the batch that all inputs have, got ${given}; reshape them first`,
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
 * TensorFlow.js expands the masks of a merge layer by one axis (merge.ts, Merge.computeMask), and then multiplies values [batch, units] by
 * masks [1, time].
 */
const mergedMask: MaskRule = ({ options }, masks) => {
  if (masks.every((mask) => mask === null)) return null;
  return { unusable: `layer "${options.layer}" merges masks into another shape` };
};

/** Keras: the conjunction of the masks that exist; from 3.4 on the disjunction if all inputs have one, else none. */
const kerasMergedMask: MaskRule = ({ builder, path, source }, masks) => {
  const values = maskValues(builder, masks);
  const disjunction = isKeras(source, 3, 4);
  if (values.length === 0 || (disjunction && values.length < masks.length)) return null;
  return { value: combined(builder, `${path}/mask`, disjunction ? 'Or' : 'And', values) };
};

/** Keras: as `kerasMergedMask` along features; concatenated along time. */
const kerasConcatenatedMask: MaskRule = (call, masks) => {
  const { builder, path, options, inputs } = call;
  const values = maskValues(builder, masks);
  if (values.length === 0) return null;
  const place = joinedAxis(call);
  if (inputs[0].shape.length === 3 && place === 2) return kerasMergedMask(call, masks);
  if (place === 1 && values.length === masks.length) {
    return { value: concatenatedAlongTime(builder, path, values) };
  }
  throw new UnsupportedError(
    `layer "${options.layer}": masks of values [${inputs[0].shape.join(', ')}] concatenated along axis ${place} are not supported; remove the masks`,
  );
};

function maskValues(builder: GraphBuilder, masks: readonly (Mask | null)[]): Value[] {
  return masks.flatMap((mask) =>
    mask === null || mask.unusable !== undefined ? [] : [builder.inLayout(mask.value, false)],
  );
}

function combined(
  builder: GraphBuilder,
  name: string,
  op: 'And' | 'Or',
  [first, ...rest]: readonly Value[],
): Value {
  return rest.reduce((both, value) => builder.single(name, op, [both, value], both), first);
}

function concatenatedAlongTime(builder: GraphBuilder, path: string, values: readonly Value[]): Value {
  const times = values.map(({ shape }) => shape[1]);
  const joined = times.every((time) => typeof time === 'number')
    ? times.reduce((sum, time) => sum + time, 0)
    : `${path}/joined`;
  const like = { shape: [values[0].shape[0], joined], type: 'bool' as const };
  return builder.single(`${path}/mask`, 'Concat', values, like, axis(1));
}

/** Along features: the conjunction of all masks. Along time: the masks concatenated; every input must have one. */
const concatenatedMask: MaskRule = (call, masks) => {
  const { builder, path, options, inputs } = call;
  const given = masks.filter((mask) => mask !== null);
  if (given.length === 0) return null;
  const values = given.flatMap((mask) =>
    mask.unusable === undefined ? [builder.inLayout(mask.value, false)] : [],
  );
  const unusable: Mask = {
    unusable: `layer "${options.layer}" concatenates masks whose shape differs from its values`,
  };
  if (values.length < given.length || inputs[0].shape.length !== 3) return unusable;
  const place = joinedAxis(call);
  if (place === 2) return { value: combined(builder, `${path}/mask`, 'And', values) };
  if (place !== 1 || values.length < masks.length) return unusable;
  return { value: concatenatedAlongTime(builder, path, values) };
};

const merging = (convert: LayerConverter): LayerRule => ({
  convert,
  mask: mergedMask,
  kerasMask: kerasMergedMask,
  timing: perSample,
});

/** TensorFlow.js's K.epsilon(), the lower bound of the squared length. */
const EPSILON = 1e-7;

/**
 * Products of two inputs over one axis of each.
 *
 *   [batch, i, n] . [batch, n, j] ---> [batch, i, j];  [batch, n] . [batch, n] ---> [batch, 1]
 */
const convertDot: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const axes = dotAxes(call);
  const values = call.inputs.map((_, index) => {
    const value = batchMajor(call, index);
    return options.flag('normalize', false) ? l2Normalize(call, value, axes[index], index) : value;
  });
  // As matrices: the axis is last on the left and first on the right.
  const [left, right] = values.map((value, index) => {
    const matrix = value.shape.length === 3 ? value : expanded(value, index === 0 ? 1 : 2);
    const at = value.shape.length === 3 ? axes[index] : index === 0 ? 2 : 1;
    return at === (index === 0 ? 2 : 1) ? matrix : transposedMatrix(matrix, index);
  });
  const [batch] = left.shape;
  const full: Dim[] = [batch, left.shape[1], right.shape[2]];
  const product = builder.single(`${path}/matmul`, 'MatMul', [left, right], { shape: full });
  const ranks = values.map(({ shape }) => shape.length);
  const gone = [...(ranks[0] === 2 ? [1] : []), ...(ranks[1] === 2 ? [2] : [])].slice(
    0,
    ranks[0] + ranks[1] === 4 ? 1 : 2,
  );
  if (gone.length === 0) return [product];
  const shape = full.filter((_, axis) => !gone.includes(axis));
  return [builder.single(path, 'Squeeze', [product, builder.integers(gone)], { shape })];

  function expanded(value: Value, axis: number): Value {
    const dims = [...value.shape];
    dims.splice(axis, 0, 1);
    return builder.single(`${path}/raised:${axis}`, 'Unsqueeze', [value, builder.integers([axis])], {
      shape: dims,
    });
  }

  function transposedMatrix(matrix: Value, index: number): Value {
    const [rows, first, second] = matrix.shape;
    return builder.single(
      `${path}/turned:${index}`,
      'Transpose',
      [matrix],
      { shape: [rows, second, first] },
      { perm: attribute.ints([0, 2, 1]) },
    );
  }
};

/** x / sqrt(max(sum x^2, epsilon)) over an axis (tfjs-layers losses.ts, l2Normalize). */
function l2Normalize(call: LayerCall, x: Value, axis: number, index: number): Value {
  const { builder, path } = call;
  const square = builder.single(`${path}/square:${index}`, 'Mul', [x, x], x);
  const sum = emitReduce(call, `${path}/sum:${index}`, 'ReduceSum', square, [axis], true);
  const kept = builder.single(`${path}/kept:${index}`, 'Max', [sum, scalar(builder, EPSILON)], sum);
  const length = builder.single(`${path}/length:${index}`, 'Sqrt', [kept], sum);
  return builder.single(`${path}/normal:${index}`, 'Div', [x, length], x);
}

/** The axis of each input, non-negative. */
function dotAxes({ options, inputs }: LayerCall): [left: number, right: number] {
  const given = options.get('axes');
  const axes = (Array.isArray(given) ? (given as unknown[]) : [given, given]).map((axis, index) => {
    const rank = inputs.at(index)?.shape.length ?? 0;
    return typeof axis === 'number' && axis < 0 ? axis + rank : axis;
  });
  const fits =
    inputs.length === 2 &&
    inputs.every(
      ({ shape }, index) =>
        (shape.length === 2 || shape.length === 3) &&
        (axes[index] === 1 || axes[index] === 2) &&
        (axes[index] as number) < shape.length,
    );
  if (fits) return axes as [number, number];
  throw new UnsupportedError(
    `layer "${options.layer}": axes: expected an axis after the batch of each of two inputs of 2 or 3 dims, got ${JSON.stringify(given)}; permute or reshape them first`,
  );
}

export const mergingLayers = {
  Add: merging(convertAdd),
  Average: merging(convertAverage),
  Concatenate: {
    convert: convertConcatenate,
    mask: concatenatedMask,
    kerasMask: kerasConcatenatedMask,
    timing: (call) =>
      joinedAxis(call) === 1 ? { mixes: 'it concatenates sequences along time' } : 'samples',
  },
  Maximum: merging(convertMaximum),
  Minimum: merging(convertMinimum),
  Multiply: merging(convertMultiply),
  Subtract: merging(convertSubtract),
  Dot: {
    convert: convertDot,
    mask: () => null,
    // Products with the whole right input, or over time, are not per sample; which of them it is depends on the streams of both inputs.
    timing: () => ({ mixes: 'its products combine samples' }),
  },
} satisfies LayerFamily;
