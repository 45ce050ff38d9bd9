import type { CallArgument } from '../artifacts/layerCalls.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { UnsupportedError } from '../errors.ts';
import type { InterpretedCall, Masked } from './interpretMerging.ts';
import type { Tensor64 } from './tensors.ts';
import { tensorOf, valueAt } from './tensors.ts';

type MaskAt = (sample: number, query: number, key: number) => boolean;

const argument = ({ arguments: given }: InterpretedCall, name: string): CallArgument | undefined =>
  Object.hasOwn(given, name) ? given[name] : undefined;

function flag(call: InterpretedCall, name: string): boolean {
  const found = argument(call, name);
  return found !== undefined && 'value' in found && found.value === true;
}

/** Softmax of each row of scores [...]; Keras subtracts 1e9 from masked ones in float32, which makes fully masked rows uniform. */
function softmax(scores: readonly number[], allowed: readonly boolean[]): number[] {
  const masked = scores.map((score, at) => (allowed[at] ? score : Math.fround(Math.fround(score) - 1e9)));
  const most = Math.max(...masked);
  const powers = masked.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const range = (size: number): number[] => Array.from({ length: size }, (_, at) => at);

/** Attention weights [batch, heads, queries, keys]. */
function attend(
  [batch, heads, queries, keys]: readonly number[],
  score: (sample: number, head: number, query: number, key: number) => number,
  allowed: MaskAt,
): Tensor64 {
  const data = new Float64Array(batch * heads * queries * keys);
  let place = 0;
  for (const sample of range(batch))
    for (const head of range(heads))
      for (const query of range(queries)) {
        const row = range(keys);
        const scores = row.map((key) => score(sample, head, query, key));
        data.set(
          softmax(
            scores,
            row.map((key) => allowed(sample, query, key)),
          ),
          place,
        );
        place += keys;
      }
  return { shape: [batch, heads, queries, keys], data };
}

/** Attention and AdditiveAttention: q, v and k by position. */
export function interpretAttention(call: InterpretedCall): Masked[] {
  const { className, config, weights, inputs } = call;
  const [query, value, key = value] = inputs.map((input) => input.value);
  const [queryMask, valueMask] = inputs.map(({ mask }) => mask);
  const [batch, queries, features] = query.shape;
  const keys = key.shape[1];
  const additive = className === 'AdditiveAttention';
  const uses = config['use_scale'] ?? additive;
  const scales = uses === true ? weights.get('scale', additive ? [features] : []) : null;
  const concat = config['score_mode'] === 'concat';
  const weight = concat ? weights.get('concat_score_weight', [])[0] : 1;
  const scaleOf = (feature: number): number => scales?.[additive ? feature : 0] ?? 1;
  const score = (sample: number, at: number, other: number): number =>
    range(features).reduce((sum, feature) => {
      const [q, k] = [valueAt(query, [sample, at, feature]), valueAt(key, [sample, other, feature])];
      if (additive) return sum + scaleOf(feature) * Math.tanh(q + k);
      return sum + (concat ? weight * Math.tanh(scaleOf(0) * (q + k)) : scaleOf(0) * q * k);
    }, 0);
  const causal = flag(call, 'use_causal_mask') || config['causal'] === true;
  const attention = attend(
    [batch, 1, queries, keys],
    (sample, _head, at, other) => score(sample, at, other),
    (sample, at, other) => (valueMask?.[sample * keys + other] ?? 1) === 1 && (!causal || other <= at),
  );
  const result = tensorOf([batch, queries, value.shape[2]], ([sample, at, feature]) =>
    queryMask?.[sample * queries + at] === 0
      ? 0
      : range(keys).reduce(
          (sum, other) =>
            sum + valueAt(attention, [sample, 0, at, other]) * valueAt(value, [sample, other, feature]),
          0,
        ),
  );
  const scores: Masked = { value: { ...attention, shape: [batch, queries, keys] }, mask: null };
  return [{ value: result, mask: queryMask }, ...(flag(call, 'return_attention_scores') ? [scores] : [])];
}

/** A projection of [batch, time, inputs] to heads: [batch, time, heads, size]. */
function projected(
  x: Tensor64,
  weights: LayerWeights,
  heads: number,
  size: number,
  biased: boolean,
): Tensor64 {
  const [batch, time, inputs] = x.shape;
  const kernel = weights.get('kernel', [inputs, heads, size]);
  const bias = biased ? weights.get('bias', [heads, size]) : new Float32Array(heads * size);
  return tensorOf([batch, time, heads, size], ([sample, at, head, place]) => {
    const column = head * size + place;
    return range(inputs).reduce(
      (sum, input) => sum + valueAt(x, [sample, at, input]) * kernel[input * heads * size + column],
      bias[column],
    );
  });
}

/** Multi-head attention: softmax(q k / sqrt(size)) v for each head, then a projection of all heads. */
export function interpretMultiHead(call: InterpretedCall): Masked[] {
  const { config, weights, inputs } = call;
  const named = new Set(Object.values(call.arguments).flatMap((one) => ('input' in one ? [one.input] : [])));
  const inputOf = (name: string, position: number): Masked | undefined => {
    const found = argument(call, name);
    if (found !== undefined && 'input' in found) return inputs[found.input];
    return named.has(position) ? undefined : inputs.at(position);
  };
  const [query, value] = [inputs[0], inputOf('value', 1)];
  if (value === undefined || query.value.shape.length !== 3)
    throw new UnsupportedError(
      `layer "${call.name}": the reference interpreter expects sequences and a value; pass --cases FILE`,
    );
  const key = inputOf('key', 2) ?? value;
  const [heads, size] = [Number(config['num_heads']), Number(config['key_dim'])];
  const valueSize = Number(config['value_dim'] ?? size);
  const biased = config['use_bias'] !== false;
  const q = projected(query.value, weights.within('query'), heads, size, biased);
  const k = projected(key.value, weights.within('key'), heads, size, biased);
  const v = projected(value.value, weights.within('value'), heads, valueSize, biased);
  const [batch, queries] = query.value.shape;
  const keys = key.value.shape[1];
  const given = argument(call, 'attention_mask');
  const own = given !== undefined && 'input' in given ? inputs[given.input].value : null;
  const causal = flag(call, 'use_causal_mask');
  const masks = [value.mask, key === value ? null : key.mask];
  const allowed: MaskAt = (sample, at, other) =>
    query.mask?.[sample * queries + at] !== 0 &&
    masks.every((mask) => mask?.[sample * keys + other] !== 0) &&
    (own === null || valueAt(own, [sample, at, other]) !== 0) &&
    (!causal || other <= at);
  const attention = attend(
    [batch, heads, queries, keys],
    (sample, head, at, other) =>
      range(size).reduce(
        (sum, place) =>
          sum + valueAt(q, [sample, at, head, place]) * valueAt(k, [sample, other, head, place]),
        0,
      ) / Math.sqrt(size),
    allowed,
  );
  const mixed = tensorOf([batch, queries, heads, valueSize], ([sample, at, head, place]) =>
    range(keys).reduce(
      (sum, other) =>
        sum + valueAt(attention, [sample, head, at, other]) * valueAt(v, [sample, other, head, place]),
      0,
    ),
  );
  const units = Number([config['output_shape'] ?? query.value.shape[2]].flat()[0]);
  const output = weights.within('attention_output');
  const kernel = output.get('kernel', [heads, valueSize, units]);
  const bias = biased ? output.get('bias', [units]) : new Float32Array(units);
  const columns = heads * valueSize;
  const y = tensorOf([batch, queries, units], ([sample, at, unit]) =>
    range(columns).reduce(
      (sum, column) =>
        sum + mixed.data[(sample * queries + at) * columns + column] * kernel[column * units + unit],
      bias[unit],
    ),
  );
  return [
    { value: y, mask: query.mask },
    ...(flag(call, 'return_attention_scores') ? [{ value: attention, mask: null }] : []),
  ];
}
