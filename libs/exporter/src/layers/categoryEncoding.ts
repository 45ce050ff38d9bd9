import { floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { cast } from '../graph/cast.ts';
import type { LayerConverter } from './layerCall.ts';
import { batchMajor } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { mixes } from './layerRule.ts';
import { emitReduce } from './reduce.ts';
import { axis } from '../graph/axis.ts';

const modes = ['multiHot', 'multi_hot', 'oneHot', 'one_hot', 'count'] as const;

/**
 * Which of the tokens are there, or how often: [batch, words] ---> [batch, tokens]. TensorFlow.js gives an error for a word out of range,
 * which a graph cannot; such a word counts for nothing here.
 */
const convertCategoryEncoding: LayerConverter = (call) => {
  const { builder, path, options } = call;
  const mode = options.choice('output_mode', modes, 'multiHot');
  const x = batchMajor(call);
  if (x.shape.length !== 2 || (mode.startsWith('one') && x.shape[1] !== 1)) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected words [batch, ${mode.startsWith('one') ? '1' : 'words'}], got [${x.shape.join(', ')}]; TensorFlow.js encodes no others`,
    );
  }
  const tokens = options.count('num_tokens');
  const words = cast(builder, `${path}/whole`, x, 'int32');
  const codes = cast(builder, `${path}/codes`, words, 'int64');
  // OneHot counts -1 as the last token.
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

export const categoryEncodingLayers = {
  CategoryEncoding: { convert: convertCategoryEncoding, timing: mixes('it counts over all samples') },
} satisfies LayerFamily;
