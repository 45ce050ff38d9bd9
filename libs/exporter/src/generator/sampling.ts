import type { Sampling } from '@onda/contract';
import { drawConstants } from '@onda/contract';
import { attribute, floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, cast, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';

/** Whether the model takes the fed value as features, or as the number of a word, with the dtype of that input. */
export type FedForm = { readonly features: number } | { readonly words: 'float32' | 'int32' };

/**
 * Adds the nodes that turn a model's outputs into the values that are fed back.
 *
 * @param raw   [batch, time, outputs]
 * @param entry [batch, time, entry width], from drawEntries; null when nothing is drawn
 * @returns [batch, time, features], or [batch, time] for words
 */
export function drawHead(
  builder: GraphBuilder,
  sampling: Sampling | null,
  form: FedForm,
  raw: Value,
  entry: Value | null,
): Value {
  if (sampling === null) return raw;
  const [batch, time, outputs] = raw.shape;
  if (sampling.kind === 'categorical') {
    const scored = entry === null ? raw : scores(builder, sampling, raw, entry);
    const like = { shape: [batch, time], type: 'int64' as const };
    const chosen = builder.single('draw/class', 'ArgMax', [scored], like, {
      axis: attribute.int(2),
      keepdims: attribute.int(0),
    });
    return 'words' in form
      ? cast(builder, 'draw/word', chosen, form.words)
      : oneHot(builder, chosen, Number(outputs));
  }
  const features = Number(outputs) / (sampling.kind === 'gaussian' ? 2 : sampling.levels.length);
  const shape: Dim[] = [batch, time, features];
  if (sampling.kind === 'gaussian') {
    const [mean, s] = builder.node({
      name: 'draw/blocks',
      op: 'Split',
      inputs: [raw, builder.integers([features, features])],
      outputs: [
        { part: 'mean', shape },
        { part: 'log_variance', shape },
      ],
      attributes: axis(2),
    });
    const half = builder.single('draw/half', 'Mul', [s, scalar(builder, 0.5)], { shape });
    const deviation = builder.single('draw/deviation', 'Exp', [half], { shape });
    const away = builder.single('draw/away', 'Mul', [deviation, entry as Value], { shape });
    return builder.single('draw/value', 'Add', [mean, away], { shape });
  }
  const weighted = builder.single('draw/weighted', 'Mul', [raw, entry as Value], raw);
  const blocks = builder.node({
    name: 'draw/levels',
    op: 'Split',
    inputs: [weighted, builder.integers(sampling.levels.map(() => features))],
    outputs: sampling.levels.map((_, index) => ({ part: String(index), shape })),
    attributes: axis(2),
  });
  return builder.single('draw/value', 'Sum', blocks, { shape });
}

/** log p / temperature + Gumbel noise; the argmax is class i with probability proportional to p_i^(1 / temperature). */
function scores(
  builder: GraphBuilder,
  { from, temperature }: Extract<Sampling, { kind: 'categorical' }>,
  raw: Value,
  entry: Value,
): Value {
  const logits = from === 'logits' ? raw : builder.single('draw/log', 'Log', [raw], raw);
  const tempered =
    temperature === 1
      ? logits
      : builder.single('draw/tempered', 'Div', [logits, scalar(builder, temperature)], raw);
  return builder.single('draw/scores', 'Add', [tempered, entry], raw);
}

function oneHot(builder: GraphBuilder, chosen: Value, classes: number): Value {
  const pair = builder.shared('draw/off_on', () => floatTensor('draw/off_on', [2], Float32Array.of(0, 1)));
  const inputs = [chosen, builder.integer(classes), pair];
  return builder.single('draw/one_hot', 'OneHot', inputs, { shape: [...chosen.shape, classes] }, axis(-1));
}

/**
 * The random numbers of a head, computed for all samples before the loop:
 *
 *   categorical  -log(-log u) of each class, Gumbel's distribution
 *   gaussian     a standard normal number of each feature (Box and Muller: sqrt(-2 log u) cos(2 pi v))
 *   quantile     the share of each level's value in the draw, [.., levels * features]
 *
 * @param chance draws from a seed, or the noise input; [samples, batch, width]
 * @returns [samples, batch, entry width]
 */
export function drawEntries(
  builder: GraphBuilder,
  sampling: Sampling,
  chance: { uniforms: Uniforms } | { noise: Value },
): Value {
  const first = 'noise' in chance ? chance.noise : chance.uniforms[0];
  const node = (name: string, op: string, inputs: readonly (Value | string)[]): Value =>
    builder.single(`draws/${name}`, op, inputs, first);
  if (sampling.kind === 'categorical') {
    const inner = node('minus_log', 'Neg', [node('log', 'Log', [first])]);
    return node('gumbel', 'Neg', [node('log_log', 'Log', [inner])]);
  }
  if (sampling.kind === 'gaussian') {
    if ('noise' in chance) return first;
    const [u, v] = chance.uniforms;
    const radius = node('radius', 'Sqrt', [
      node('twice_log', 'Mul', [node('log', 'Log', [u]), scalar(builder, -2)]),
    ]);
    const angle = node('angle', 'Mul', [v, scalar(builder, 2 * Math.PI)]);
    return node('normal', 'Mul', [radius, node('cosine', 'Cos', [angle])]);
  }
  return quantileShares(builder, sampling.levels, first);
}

/**
 * With levels q_1 < ... < q_n and their values v: x = v_1 + sum over j of (v_(j+1) - v_j) (u - q_j) / (q_(j+1) - q_j). Each quotient
 * ("part") is clipped to 0 and 1, except the first below and the last above, which extrapolate. So the share of v_1 is 1 - part_1, of v_j
 * part_(j-1) - part_j, of v_n part_(n-1).
 *
 * @param levels in the order of the outputs
 * @param u      [samples, batch, features]
 * @returns [samples, batch, levels * features], a block of all features for each level, in that order
 */
function quantileShares(builder: GraphBuilder, levels: readonly number[], u: Value): Value {
  const order = levels.map((_, index) => index).sort((a, b) => levels[a] - levels[b]);
  const sorted = order.map((index) => levels[index]);
  const parts = sorted.slice(0, -1).map((low, index) => {
    const name = `draws/part:${index}`;
    const from = builder.single(`${name}/from`, 'Sub', [u, scalar(builder, low)], u);
    const share = builder.single(`${name}/share`, 'Div', [from, scalar(builder, sorted[index + 1] - low)], u);
    const above =
      index === 0 ? share : builder.single(`${name}/above`, 'Max', [share, scalar(builder, 0)], u);
    if (index === sorted.length - 2) return above;
    return builder.single(`${name}/below`, 'Min', [above, scalar(builder, 1)], u);
  });
  const one = builder.shared('draws/one', () => floatTensor('draws/one', [1], Float32Array.of(1)));
  const shares = sorted.map((_, place) => {
    const before = place === 0 ? one : parts[place - 1];
    if (place === sorted.length - 1) return before as Value;
    return builder.single(`draws/share:${place}`, 'Sub', [before, parts[place]], u);
  });
  const placed = levels.map((_, index) => shares[order.indexOf(index)]);
  const width = levels.length * Number(u.shape[2]);
  return builder.single(
    'draws/shares',
    'Concat',
    placed,
    { shape: [...u.shape.slice(0, 2), width] },
    axis(2),
  );
}

/** Two uniform draws in (0, 1) for each place, [samples, batch, width] each. */
type Uniforms = readonly [Value, Value];

/**
 * Adds the draws of a seed for all samples: `uniformDraws` of libs/contract in int64 arithmetic.
 *
 * @param seed  int64 [1], or [2] with the number of samples drawn before
 * @param count number of samples, int64 [1]
 * @param batch int64 [1]
 * @param width draws of a row per sample
 */
export function emitUniforms(
  builder: GraphBuilder,
  seed: Value,
  count: Value,
  batch: Value,
  width: number,
): Uniforms {
  const { modulus, rounds, dropped, steps } = drawConstants;
  const most = builder.integer(modulus);
  const node = (
    name: string,
    op: string,
    inputs: readonly (Value | string)[],
    shape: readonly Dim[],
    attributes = {},
  ): Value => builder.single(`draws/${name}`, op, inputs, { shape, type: 'int64' }, attributes);
  const rest = (name: string, value: Value): Value => node(name, 'Mod', [value, most], value.shape);

  // The second number defaults to 0.
  const parts = node('seed_parts', 'Concat', [seed, builder.integers([0])], ['parts'], axis(0));
  const own = node('seed_own', 'Gather', [parts, builder.integers([0])], [1]);
  const from = node('seed_from', 'Gather', [parts, builder.integers([1])], [1]);
  const even = rest('even', own);
  const odd = rest('odd', node('seed_high', 'Div', [own, most], [1]));
  const cells = node('cell_count', 'Mul', [batch, builder.integers([width])], [1]);
  // [samples, 1] and [1, cells]: the first rounds work on these, later ones on [samples, cells].
  const behind = rangeAlong(builder, 'draws/sample', count, 'samples', 1);
  let left = rest('samples', node('from_there', 'Add', [behind, from], behind.shape));
  let right = rest('cells', rangeAlong(builder, 'draws/cell', cells, 'cells', 0));
  const full = ['samples', 'cells'];
  rounds.forEach((constant, round) => {
    const name = `round:${round}`;
    const key = node(`${name}/key`, 'Add', [round % 2 === 0 ? even : odd, builder.integer(constant)], [1]);
    const sum = rest(`${name}/sum`, node(`${name}/add`, 'Add', [right, key], right.shape));
    const square = rest(`${name}/square`, node(`${name}/times`, 'Mul', [sum, sum], sum.shape));
    const cube = rest(`${name}/cube`, node(`${name}/times_again`, 'Mul', [square, sum], sum.shape));
    const mixed = rest(`${name}/mixed`, node(`${name}/mix`, 'Add', [left, cube], full));
    [left, right] = [right, mixed];
  });
  const sizes = node('shape', 'Concat', [count, batch, builder.integers([width])], [3], axis(0));
  const uniform = (name: string, value: Value): Value => {
    const part = node(`${name}/part`, 'Div', [value, builder.integer(dropped)], full);
    const twice = node(`${name}/twice`, 'Mul', [part, builder.integer(2)], full);
    const number = node(`${name}/odd`, 'Add', [twice, builder.integer(1)], full);
    const float = cast(builder, `draws/${name}/float`, number, 'float32');
    const scaled = builder.single(`draws/${name}/uniform`, 'Mul', [float, scalar(builder, 1 / steps)], float);
    return builder.single(`draws/${name}`, 'Reshape', [scaled, sizes], {
      shape: ['samples', 'batch', width],
    });
  };
  return [uniform('left', left), uniform('right', right)];
}

/** 0, 1, 2, ... along one of two axes. */
function rangeAlong(builder: GraphBuilder, name: string, count: Value, dim: string, at: 0 | 1): Value {
  const int64 = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const limit = builder.single(`${name}/limit`, 'Squeeze', [count, builder.integers([0])], int64([]));
  const range = [builder.integer(0), limit, builder.integer(1)];
  const numbers = builder.single(`${name}/numbers`, 'Range', range, int64([dim]));
  return builder.single(
    name,
    'Unsqueeze',
    [numbers, builder.integers([at])],
    int64(at === 0 ? [1, dim] : [dim, 1]),
  );
}
