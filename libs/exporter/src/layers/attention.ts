import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, cast, emitReduce, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule, Mask } from './layerRule.ts';
import { batchMajor, layerConstant } from './layerRule.ts';
import { passMask } from './masks.ts';
import { fixed } from './reshaping.ts';

/** What Keras subtracts from the scores of masked positions. */
const MASKED_SCORE = 1e9;

/** A flag among the arguments of a call. */
function flag({ arguments: given }: LayerCall, name: string): boolean {
  const argument = Object.hasOwn(given, name) ? given[name] : undefined;
  return argument !== undefined && 'value' in argument && argument.value === true;
}

/** The index of a tensor among the inputs: given by name, else by position. */
function inputAt({ arguments: given, inputs }: LayerCall, name: string, position: number): number | null {
  const argument = Object.hasOwn(given, name) ? given[name] : undefined;
  if (argument !== undefined && 'input' in argument) return argument.input;
  const named = Object.values(given).flatMap((one) => ('input' in one ? [one.input] : []));
  return position < inputs.length && !named.includes(position) ? position : null;
}

function rank3(call: LayerCall, index: number): Value {
  const x = batchMajor(call, index);
  if (x.shape.length === 3) return x;
  throw new UnsupportedError(
    `layer "${call.options.layer}": expected inputs [batch, time, features], got [${x.shape.join(', ')}]; reshape them first`,
  );
}

function unsqueezed(builder: GraphBuilder, name: string, x: Value, at: number): Value {
  return builder.single(name, 'Unsqueeze', [x, builder.integers([at])], {
    shape: x.shape.toSpliced(at, 0, 1),
    type: x.type,
  });
}

/** The mask of an input with an axis of size 1 before (`at` 1) or after its samples (`at` 2); null without a mask. */
function maskAlong(call: LayerCall, mask: Mask | null, at: 1 | 2, part: string): Value | null {
  if (mask === null) return null;
  if (mask.unusable !== undefined) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": its mask is unusable: ${mask.unusable}; remove it`,
    );
  }
  return unsqueezed(call.builder, `${call.path}/${part}`, call.builder.inLayout(mask.value, false), at);
}

/** Which positions each one may attend to: those not after it. bool [queries, keys]. */
function causalMask({ builder, path }: LayerCall, scores: Value): Value {
  const rank = scores.shape.length;
  const int64 = { type: 'int64' as const };
  const sizes = builder.single(`${path}/sizes`, 'Shape', [scores], { shape: [rank], ...int64 });
  const last = builder.single(
    `${path}/square`,
    'Slice',
    [sizes, builder.integers([rank - 2]), builder.integers([rank])],
    { shape: [2], ...int64 },
  );
  const shape = scores.shape.slice(-2);
  const ones = builder.single(
    `${path}/ones`,
    'ConstantOfShape',
    [last],
    { shape },
    {
      value: attribute.tensor(floatTensor('one', [1], Float32Array.of(1))),
    },
  );
  const lower = builder.single(`${path}/lower`, 'Trilu', [ones], { shape }, { upper: attribute.int(0) });
  return cast(builder, `${path}/causal`, lower, 'bool');
}

function both({ builder, path }: LayerCall, masks: readonly (Value | null)[]): Value | null {
  const [first, ...rest] = masks.filter((mask) => mask !== null);
  if ((first as Value | undefined) === undefined) return null;
  return rest.reduce((a, b) => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const shape = Array.from({ length: rank }, (_, at): Dim => {
      const [one, two] = [a.shape.at(at - rank) ?? 1, b.shape.at(at - rank) ?? 1];
      return one === 1 ? two : one;
    });
    return builder.single(`${path}/mask`, 'And', [a, b], { shape, type: 'bool' });
  }, first);
}

/** Softmax over the keys; masked scores are 1e9 less. */
function weightsOf({ builder, path }: LayerCall, scores: Value, mask: Value | null): Value {
  let masked = scores;
  if (mask !== null) {
    const less = builder.single(`${path}/less`, 'Sub', [scores, scalar(builder, MASKED_SCORE)], scores);
    masked = builder.single(`${path}/masked`, 'Where', [mask, scores, less], scores);
  }
  return builder.single(`${path}/weights`, 'Softmax', [masked], scores, axis(-1));
}

/**
 * Attention and AdditiveAttention over [query, value, key], each [batch, time, features]; the key is the value by default.
 *
 *   dot        q k^T, times a scale if it has one
 *   concat     w sum(tanh(scale (q + k)))
 *   additive   sum(scale tanh(q + k))
 */
const convertAttention: LayerConverter = (call) => {
  const { builder, path, options, className, weights, masks } = call;
  const values = call.inputs.map((_, index) => rank3(call, index));
  if (values.length < 2 || values.length > 3) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected [query, value] or [query, value, key], got ${values.length} tensors; call it with these`,
    );
  }
  const [query, value, key = value] = values;
  const additive = className === 'AdditiveAttention';
  const mode = additive ? 'additive' : options.choice('score_mode', ['dot', 'concat'], 'dot');
  const scaled = options.flag('use_scale', additive);
  const [features] = fixed(call, [query.shape[2]]);
  const [batch, queries] = query.shape;
  const keys = key.shape[1];
  const like = { shape: [batch, queries, keys] };
  let scores: Value;
  if (mode === 'dot') {
    const turned = builder.transposed(key, [0, 2, 1], `${path}/key`);
    scores = builder.single(`${path}/scores`, 'MatMul', [query, turned], like);
    if (scaled) {
      const scale = layerConstant(call, 'scale', [], () => weights.get('scale', []));
      scores = builder.single(`${path}/scaled`, 'Mul', [scores, scale], like);
    }
  } else {
    const wide = { shape: [batch, queries, keys, features] };
    const [q, k] = [
      unsqueezed(builder, `${path}/queries`, query, 2),
      unsqueezed(builder, `${path}/keys`, key, 1),
    ];
    let sums = builder.single(`${path}/sums`, 'Add', [q, k], wide);
    const dims = additive ? [features] : [];
    const scale = scaled ? layerConstant(call, 'scale', dims, () => weights.get('scale', dims)) : '';
    if (scaled && !additive) sums = builder.single(`${path}/scaled`, 'Mul', [sums, scale], wide);
    let curved = builder.single(`${path}/tanh`, 'Tanh', [sums], wide);
    if (scaled && additive) curved = builder.single(`${path}/scaled`, 'Mul', [curved, scale], wide);
    scores = emitReduce(call, `${path}/scores`, 'ReduceSum', curved, [3], false);
    if (!additive) {
      const weight = layerConstant(call, 'concat_score_weight', [], () =>
        weights.get('concat_score_weight', []),
      );
      scores = builder.single(`${path}/weighted`, 'Mul', [scores, weight], like);
    }
  }
  const causal = flag(call, 'use_causal_mask') || options.flag('causal', false);
  const mask = both(call, [
    maskAlong(call, masks[1], 1, 'value_mask'),
    causal ? causalMask(call, scores) : null,
  ]);
  const attention = weightsOf(call, scores, mask);
  const shape = [batch, queries, value.shape[2]];
  let result = builder.single(`${path}/result`, 'MatMul', [attention, value], { shape });
  const queryMask = maskAlong(call, masks[0], 2, 'query_mask');
  if (queryMask !== null) {
    // Keras sets the results of masked queries to zero.
    result = builder.single(`${path}/unmasked`, 'Where', [queryMask, result, scalar(builder, 0)], { shape });
  }
  return flag(call, 'return_attention_scores') ? [result, attention] : [result];
};

/** A projection [batch, time, inputs] ---> [batch, heads, time, size]. */
function projected(call: LayerCall, x: Value, role: string, heads: number, size: number): Value {
  const { builder, path, options, weights } = call;
  const [inputs] = fixed(call, [x.shape[2]]);
  const own = weights.within(role);
  const [batch, time] = x.shape;
  const columns = heads * size;
  const kernel = layerConstant(call, `${role}/kernel`, [inputs, columns], () =>
    own.get('kernel', [inputs, heads, size]),
  );
  let y = builder.single(`${path}/${role}/matmul`, 'MatMul', [x, kernel], { shape: [batch, time, columns] });
  if (options.flag('use_bias', true)) {
    const bias = layerConstant(call, `${role}/bias`, [columns], () => own.get('bias', [heads, size]));
    y = builder.single(`${path}/${role}/add`, 'Add', [y, bias], y);
  }
  const split = builder.single(
    `${path}/${role}/split`,
    'Reshape',
    [y, builder.integers([0, 0, heads, size])],
    {
      shape: [batch, time, heads, size],
    },
  );
  return builder.transposed(split, [0, 2, 1, 3], `${path}/${role}/heads`);
}

/** MultiHeadAttention over sequences: query [batch, queries, features], value and key [batch, keys, features]. */
const convertMultiHead: LayerConverter = (call) => {
  const { builder, path, options, weights, masks } = call;
  const at = [0, inputAt(call, 'value', 1), inputAt(call, 'key', 2)];
  const [query, value, key] = at.map((index) => (index === null ? null : rank3(call, index)));
  const axes = options.get('attention_axes') ?? null;
  const overTime = axes === null || JSON.stringify(axes) === '[1]' || axes === 1;
  if (query === null || value === null || !overTime) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected a query and a value with attention over time, got other arguments or attention_axes; call it with sequences`,
    );
  }
  const heads = options.count('num_heads');
  const size = options.count('key_dim');
  const valueSize = options.get('value_dim') === null ? size : options.count('value_dim');
  const q = projected(call, query, 'query', heads, size);
  const k = projected(call, key ?? value, 'key', heads, size);
  const v = projected(call, value, 'value', heads, valueSize);
  const [batch, queries] = query.shape;
  const keys = value.shape[1];
  const scale = scalar(builder, Math.fround(1 / Math.sqrt(size)));
  const scaled = builder.single(`${path}/scaled`, 'Mul', [q, scale], q);
  const turned = builder.transposed(k, [0, 1, 3, 2], `${path}/turned`);
  const scores = builder.single(`${path}/scores`, 'MatMul', [scaled, turned], {
    shape: [batch, heads, queries, keys],
  });
  const own = inputAt(call, 'attention_mask', call.inputs.length);
  const given = own === null ? null : cast(builder, `${path}/attention_mask`, batchMajor(call, own), 'bool');
  const mask = both(call, [
    maskAlong(call, masks[0], 2, 'query_mask'),
    ...at
      .slice(1)
      .map((index, part) => (index === null ? null : maskAlong(call, masks[index], 1, `mask:${part}`))),
    given,
    flag(call, 'use_causal_mask') ? causalMask(call, scores) : null,
  ]);
  const perHead =
    mask === null || mask.shape.length < 3 || mask.shape.length === 4
      ? mask
      : unsqueezed(builder, `${path}/all_heads`, mask, 1);
  const attention = weightsOf(call, scores, perHead);
  const result = builder.single(`${path}/result`, 'MatMul', [attention, v], {
    shape: [batch, heads, queries, valueSize],
  });
  const together = builder.transposed(result, [0, 2, 1, 3], `${path}/together`);
  const columns = heads * valueSize;
  const flat = builder.single(`${path}/flat`, 'Reshape', [together, builder.integers([0, 0, columns])], {
    shape: [batch, queries, columns],
  });
  const output = weights.within('attention_output');
  const units = outputUnits(call, query);
  const kernel = layerConstant(call, 'output/kernel', [columns, units], () =>
    output.get('kernel', [heads, valueSize, units]),
  );
  let y = builder.single(`${path}/output/matmul`, 'MatMul', [flat, kernel], {
    shape: [batch, queries, units],
  });
  if (options.flag('use_bias', true)) {
    const bias = layerConstant(call, 'output/bias', [units], () => output.get('bias', [units]));
    y = builder.single(`${path}/output/add`, 'Add', [y, bias], y);
  }
  return flag(call, 'return_attention_scores') ? [y, attention] : [y];
};

function outputUnits(call: LayerCall, query: Value): number {
  const given = call.options.get('output_shape') ?? null;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  if (given === null) return fixed(call, [query.shape[2]])[0];
  if (list.length === 1 && Number.isSafeInteger(list[0])) return Number(list[0]);
  throw new UnsupportedError(
    `layer "${call.options.layer}": output_shape: expected one size, got ${JSON.stringify(given)}; reshape the output`,
  );
}

const attention = (convert: LayerConverter): LayerRule => ({
  convert,
  // The mask of the query.
  mask: passMask,
  timing: () => ({ mixes: 'it attends to all samples' }),
});

export const attentionLayers = {
  AdditiveAttention: attention(convertAttention),
  Attention: attention(convertAttention),
  MultiHeadAttention: attention(convertMultiHead),
} satisfies LayerFamily;
