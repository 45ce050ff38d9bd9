import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { cast, scalar } from '../graph/ops.ts';
import type { Dim } from '../graph/value.ts';
import { emitActivation } from './activations.ts';
import type { LayerConverter, LayerFamily, MaskRule } from './layerRule.ts';
import { batchMajor, layerConstant, perSample } from './layerRule.ts';
import { passMask } from './masks.ts';

/** Dense over the last axis: [..., inputs] ---> [..., units]. Gemm for [batch, inputs], else MatMul and Add. */
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

/** Dense by an equation such as `abc,cd->abd`, one Einsum. */
const convertEinsumDense: LayerConverter = (call) => {
  const { builder, path, options, weights } = call;
  const x = batchMajor(call);
  const equation = options.get('equation');
  const parts = typeof equation === 'string' ? /^([a-z.]+),([a-z]+)->([a-z.]+)$/.exec(equation) : null;
  if (parts === null) {
    throw new UnsupportedError(
      `layer "${options.layer}": equation: expected one such as "abc,cd->abd", got ${JSON.stringify(equation)}; use a Dense layer`,
    );
  }
  const [, input, own, output] = parts;
  const kernel = weights.any('kernel');
  const dims = new Map<string, Dim>();
  const rest = x.shape.length - input.replace('...', '').length;
  const labels = (text: string): string[] =>
    Array.from(text.replace('...', '.')).flatMap((label) =>
      label === '.' ? Array.from({ length: rest }, (_, at) => `.${at}`) : [label],
    );
  labels(input).forEach((label, at) => dims.set(label, x.shape[at]));
  Array.from(own).forEach((label, at) => dims.set(label, kernel.shape[at]));
  const shape = labels(output).map((label) => dims.get(label) ?? 1);
  const named = layerConstant(call, 'kernel', kernel.shape, () => kernel.data);
  const attributes = { equation: attribute.string(String(equation)) };
  let y = builder.single(`${path}/einsum`, 'Einsum', [x, named], { shape }, attributes);
  if ((options.get('bias_axes') ?? null) !== null) {
    const bias = weights.any('bias');
    y = builder.single(`${path}/add`, 'Add', [y, layerConstant(call, 'bias', bias.shape, () => bias.data)], {
      shape,
    });
  }
  return [emitActivation(builder, path, y, options)];
};

/** [batch, time] of integers ---> [batch, time, outputDim]. */
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

/** With `mask_zero`, samples of word 0 are masked. */
const wordMask: MaskRule = ({ builder, path, options, inputs: [x] }) => {
  if (!options.flag('mask_zero', false)) return null;
  const numbers = cast(builder, `${path}/numbers`, x, 'float32');
  const like = { ...x, type: 'bool' as const };
  const zero = builder.single(`${path}/zero`, 'Equal', [numbers, scalar(builder, 0)], like);
  return { value: builder.single(`${path}/mask`, 'Not', [zero], like) };
};

export const coreLayers = {
  Dense: { convert: convertDense, mask: passMask, timing: perSample },
  EinsumDense: {
    convert: convertEinsumDense,
    mask: passMask,
    timing: () => ({ mixes: 'its equation may combine samples' }),
  },
  Embedding: { convert: convertEmbedding, mask: wordMask, timing: perSample },
} satisfies LayerFamily;
