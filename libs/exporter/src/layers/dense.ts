import { emitActivation } from './activations.ts';
import type { LayerConverter } from './layerCall.ts';
import { layerConstant } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { eachSample } from './layerRule.ts';
import { keptMask } from './maskRules.ts';

/** Dense over the last axis: [..., inputs] ---> [..., units]. One Gemm for [batch, inputs], else MatMul and Add. */
const convertDense: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const [x] = call.inputs;
  const units = options.count('units');
  const last = Number(x.shape.at(-1));
  const like = { shape: [...x.shape.slice(0, -1), units], timeMajor: x.timeMajor };
  const kernel = layerConstant(call, 'kernel', [last, units], () => weights.get('kernel', [last, units]));
  const bias = options.flag('use_bias', true)
    ? layerConstant(call, 'bias', [units], () => weights.get('bias', [units]))
    : '';
  const name = options.get('activation') === 'linear' ? path : `${path}/dense`;
  let y;
  if (x.shape.length === 2) y = builder.single(name, 'Gemm', [x, kernel, bias], like);
  else {
    const product = builder.single(bias === '' ? name : `${path}/matmul`, 'MatMul', [x, kernel], like);
    y = bias === '' ? product : builder.single(name, 'Add', [product, bias], like);
  }
  return [emitActivation(builder, path, y, options)];
};

export const denseLayers = {
  Dense: { convert: convertDense, mask: keptMask, timing: eachSample },
} satisfies LayerFamily;
