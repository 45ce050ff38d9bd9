import { attribute } from '@onda/onnx';
import type { LayerConverter } from './layerCall.ts';
import { layerConstant } from './layerCall.ts';

/** Codes of ONNX's element types, as Cast names them. */
const int32 = 6;

/** [batch, time] of whole numbers ---> [batch, time, outputDim]. */
export const convertEmbedding: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  options.require('mask_zero', false, 'masks are not supported; train without maskZero');
  const [x] = call.inputs;
  const dims = [options.count('input_dim'), options.count('output_dim')];
  const table = layerConstant(call, 'embeddings', dims, () => weights.get('embeddings', dims));
  const indices =
    x.type === 'int32'
      ? x
      : builder.single(`${path}/indices`, 'Cast', [x], { ...x, type: 'int32' }, { to: attribute.int(int32) });
  const shape = [...x.shape, dims[1]];
  return [
    builder.single(
      path,
      'Gather',
      [table, indices],
      { shape, timeMajor: x.timeMajor },
      { axis: attribute.int(0) },
    ),
  ];
};
