import { floatTensor } from '@onda/onnx';
import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import { axis, cast, emitReduce } from '../graph/ops.ts';
import type { LayerConverter, LayerFamily } from './layerRule.ts';
import { batchMajor, layerConstant, mixes, perSample } from './layerRule.ts';
import { passMask } from './masks.ts';

const modes = ['multiHot', 'multi_hot', 'oneHot', 'one_hot', 'count'] as const;

/**
 * Multi-hot, one-hot or count encoding: [batch, words] ---> [batch, tokens]. TensorFlow.js throws for a word out of range, which a graph
 * cannot; such a word is ignored here.
 */
const convertCategoryEncoding: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const mode = options.choice('output_mode', modes, 'multiHot');
  const x = batchMajor(call);
  if (x.shape.length !== 2 || (mode.startsWith('one') && x.shape[1] !== 1)) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected words [batch, ${mode.startsWith('one') ? '1' : 'words'}], got [${x.shape.join(', ')}]; reshape the input`,
    );
  }
  const tokens = options.count('num_tokens');
  const words = cast(builder, `${path}/whole`, x, 'int32');
  const codes = cast(builder, `${path}/codes`, words, 'int64');
  // OneHot takes -1 for the last token.
  const least = builder.single(`${path}/negative`, 'Less', [codes, builder.integer(0)], {
    ...codes,
    type: 'bool',
  });
  const inside = builder.single(`${path}/inside`, 'Where', [least, builder.integer(tokens), codes], codes);
  const ends = builder.shared('float32:0_1', () => floatTensor('float32:0_1', [2], Float32Array.of(0, 1)));
  const depth = builder.integers([tokens]);
  const shape = [...x.shape, tokens];
  const each = builder.single(`${path}/each`, 'OneHot', [inside, depth, ends], { shape }, axis(-1));
  return [emitReduce(call, path, mode === 'count' ? 'ReduceSum' : 'ReduceMax', each, [1], false)];
};

/** The number of boundaries at or below x: [batch, ...] ---> the same in int64. */
const convertDiscretization: LayerConverter = (call) => {
  const { builder, path, options } = call;
  options.require('output_mode', 'int', 'use a CategoryEncoding layer after it');
  const boundaries = options.get('bin_boundaries');
  if (!isNumbers(boundaries) || boundaries.length === 0) {
    throw new UnsupportedError(
      `layer "${options.layer}": bin_boundaries: expected a list of numbers, got ${JSON.stringify(boundaries ?? null).slice(0, 80)}; pass the adapted boundaries to the layer`,
    );
  }
  const x = batchMajor(call);
  const bins = layerConstant(call, 'bin_boundaries', [boundaries.length], () =>
    Float32Array.from(boundaries),
  );
  const wide = builder.single(`${path}/wide`, 'Unsqueeze', [x, builder.integers([x.shape.length])], {
    shape: [...x.shape, 1],
  });
  const shape = [...x.shape, boundaries.length];
  const above = builder.single(`${path}/above`, 'GreaterOrEqual', [wide, bins], { shape, type: 'bool' });
  const ones = cast(builder, `${path}/ones`, above, 'float32');
  const count = emitReduce(call, `${path}/count`, 'ReduceSum', ones, [-1], false);
  return [cast(builder, path, count, 'int64')];
};

/** x scale + offset; each a number, or a list over the last axis. */
const convertRescaling: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const scalar = (part: string, fallback: number): string => {
    const name = `${path}/${part}`;
    const given = options.get(part);
    if (isNumbers(given))
      return builder.shared(name, () => floatTensor(name, [given.length], Float32Array.from(given)));
    const value = options.number(part, fallback);
    return builder.shared(name, () => floatTensor(name, [], Float32Array.of(value)));
  };
  const listed = isNumbers(options.get('scale')) || isNumbers(options.get('offset'));
  const x = listed ? batchMajor(call) : call.inputs[0];
  const scaled = builder.single(`${path}/scaled`, 'Mul', [x, scalar('scale', 1)], x);
  return [builder.single(path, 'Add', [scaled, scalar('offset', 0)], x)];
};

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number' && Number.isFinite(one));
}

export const preprocessingLayers = {
  CategoryEncoding: { convert: convertCategoryEncoding, timing: mixes('it counts over all samples') },
  Discretization: { convert: convertDiscretization, timing: perSample },
  Rescaling: {
    convert: convertRescaling,
    kerasMask: (call, masks) => (isKeras(call.source, 3) ? passMask(call, masks) : null),
    timing: perSample,
  },
  RandomWidth: {
    convert: ({ options }) => {
      throw new UnsupportedError(
        `layer "${options.layer}": RandomWidth is not supported: it draws another width at every call, in TensorFlow.js also at inference; remove it before the export`,
      );
    },
    timing: perSample,
  },
} satisfies LayerFamily;
