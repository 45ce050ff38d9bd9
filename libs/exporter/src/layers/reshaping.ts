import { UnsupportedError } from '../errors.ts';
import { axis } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily } from './layerRule.ts';
import { batchMajor, mixes } from './layerRule.ts';

/** [batch, ...] ---> [batch, product of the rest]. */
const convertFlatten: LayerConverter = (call) => {
  const channelsFirst = call.options
    .choice(
      'data_format',
      ['channelsLast', 'channelsFirst', 'channels_last', 'channels_first'],
      'channelsLast',
    )
    .endsWith('irst');
  let x = batchMajor(call);
  if (channelsFirst && x.shape.length > 2) x = transposed(call, x, [0, ...restFrom(x, 2), 1]);
  const rest = fixed(call, x.shape.slice(1));
  const size = rest.reduce((product, dim) => product * dim, 1);
  return [
    call.builder.single(call.path, 'Flatten', [x], { shape: [x.shape[0], size], type: x.type }, axis(1)),
  ];
};

/** [batch, ...] ---> [batch, ...targetShape]; one dim may be inferred. */
const convertReshape: LayerConverter = (call) => {
  const x = batchMajor(call);
  const target = call.options.get('target_shape');
  const wanted = targetShape(call);
  if (keepsTime(call)) {
    const shape = [...x.shape.slice(0, 2), ...(wanted.slice(1) as number[])];
    // 0 copies a dim.
    const sizes = call.builder.integers([0, 0, ...shape.slice(2).map(Number)]);
    return [call.builder.single(call.path, 'Reshape', [x, sizes], { shape, type: x.type })];
  }
  const rest = x.shape.slice(1);
  const known = wanted.reduce<number>((product, dim) => product * (dim ?? 1), 1);
  const numbers = rest.filter((dim) => typeof dim === 'number');
  const size = numbers.length === rest.length ? numbers.reduce((product, dim) => product * dim, 1) : null;
  const free = wanted.filter((dim) => dim === null).length;
  if (free > 1 || (free === 0 && size !== known) || (size !== null && size % known !== 0)) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": target_shape: expected as many elements as [${rest.join(', ')}] has and at most one open dim, got ${JSON.stringify(target)}; give fixed dims`,
    );
  }
  const open: Dim = size === null ? `${call.path}/open` : size / known;
  const shape: Dim[] = [x.shape[0], ...wanted.map((dim) => dim ?? open)];
  // 0 copies the batch, -1 is inferred.
  const sizes = call.builder.integers([
    0,
    ...wanted.map((dim) => dim ?? (size === null ? -1 : size / known)),
  ]);
  return [call.builder.single(call.path, 'Reshape', [x, sizes], { shape, type: x.type })];
};

/** The dims after the batch; null: inferred. */
function targetShape({ options }: LayerCall): (number | null)[] {
  const target = options.get('target_shape');
  return (Array.isArray(target) ? (target as unknown[]) : []).map((dim) =>
    typeof dim === 'number' && dim >= 0 ? dim : null,
  );
}

/** Whether the reshape leaves time unchanged and samples with as many values. Time is an open dim for sequences that come in pieces. */
function keepsTime(call: LayerCall): boolean {
  const [x] = call.inputs;
  const [, time, ...rest] = x.timeMajor ? [x.shape[1], x.shape[0], ...x.shape.slice(2)] : x.shape;
  const wanted = targetShape(call).slice(1);
  const product = (dims: readonly unknown[]): number | null =>
    dims.every((dim) => typeof dim === 'number') ? dims.reduce((size, dim) => size * dim, 1) : null;
  return (
    typeof time === 'string' &&
    rest.length > 0 &&
    wanted.length > 0 &&
    product(rest) !== null &&
    product(rest) === product(wanted)
  );
}

/** Permutes dims, which TensorFlow.js counts from 1. */
const convertPermute: LayerConverter = (call) => {
  const x = batchMajor(call);
  const dims = call.options.get('dims');
  const order = Array.isArray(dims) ? (dims as number[]) : [];
  const expected = restFrom(x, 1);
  if (order.length !== expected.length || !expected.every((dim) => order.includes(dim))) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": dims: expected each of ${expected.join(', ')} once, got ${JSON.stringify(dims)}; list every dim`,
    );
  }
  return [transposed(call, x, [0, ...order], call.path)];
};

/** [batch, features] ---> [batch, n, features]. */
const convertRepeatVector: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const x = batchMajor(call);
  const count = options.count('n');
  const [batch, features] = x.shape;
  const row = builder.single(`${path}/unsqueeze`, 'Unsqueeze', [x, builder.integers([1])], {
    shape: [batch, 1, features],
    type: x.type,
  });
  const repeats = builder.integers([1, count, 1]);
  return [builder.single(path, 'Tile', [row, repeats], { shape: [batch, count, features], type: x.type })];
};

/** The transposed value. */
export function transposed(
  { builder, path }: LayerCall,
  x: Value,
  perm: readonly number[],
  name = `${path}/transpose`,
): Value {
  return builder.transposed(x, perm, name);
}

/** Dims that must be known at export. */
export function fixed({ options }: LayerCall, dims: readonly Dim[]): number[] {
  const numbers = dims.filter((dim) => typeof dim === 'number');
  if (numbers.length === dims.length) return numbers;
  throw new UnsupportedError(
    `layer "${options.layer}": expected fixed dims, got [${dims.join(', ')}]; give the model's input a fixed shape there`,
  );
}

function restFrom({ shape }: Value, start: number): number[] {
  return shape.map((_, dim) => dim).slice(start);
}

export const reshapingLayers = {
  Flatten: { convert: convertFlatten, timing: mixes('it flattens all samples') },
  Permute: {
    convert: convertPermute,
    timing: ({ options }) => {
      const dims = options.get('dims');
      return Array.isArray(dims) && dims[0] === 1 ? 'samples' : { mixes: 'it moves the time axis' };
    },
  },
  RepeatVector: { convert: convertRepeatVector, timing: mixes('it repeats all samples') },
  Reshape: {
    convert: convertReshape,
    timing: (call) => (keepsTime(call) ? 'samples' : { mixes: 'it changes the samples' }),
  },
} satisfies LayerFamily;
