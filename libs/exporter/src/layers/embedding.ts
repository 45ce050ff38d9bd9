import { attribute } from '@onda/onnx';
import { cast } from '../graph/cast.ts';
import { scalar } from '../graph/scalar.ts';
import type { LayerConverter } from './layerCall.ts';
import { layerConstant } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { eachSample } from './layerRule.ts';
import type { MaskRule } from './maskRules.ts';

/** [batch, time] of whole numbers ---> [batch, time, outputDim]. */
const convertEmbedding: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const [x] = call.inputs;
  const dims = [options.count('input_dim'), options.count('output_dim')];
  const table = layerConstant(call, 'embeddings', dims, () => weights.get('embeddings', dims));
  const indices = cast(builder, `${path}/indices`, x, 'int32');
  const shape = [...x.shape, dims[1]];
  const like = { shape, timeMajor: x.timeMajor };
  return [builder.single(path, 'Gather', [table, indices], like, { axis: attribute.int(0) })];
};

/** With `mask_zero`, samples of word 0 do not count. */
const wordMask: MaskRule = ({ builder, path, options, inputs: [x] }) => {
  if (!options.flag('mask_zero', false)) return null;
  const numbers = cast(builder, `${path}/numbers`, x, 'float32');
  const like = { ...x, type: 'bool' as const };
  const zero = builder.single(`${path}/zero`, 'Equal', [numbers, scalar(builder, 0)], like);
  return { value: builder.single(`${path}/mask`, 'Not', [zero], like) };
};

export const embeddingLayers = {
  Embedding: { convert: convertEmbedding, mask: wordMask, timing: eachSample },
} satisfies LayerFamily;
