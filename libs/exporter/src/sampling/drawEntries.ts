import type { Sampling } from '@onda/contract';
import { floatTensor } from '@onda/onnx';
import { axis } from '../graph/axis.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/scalar.ts';
import type { Value } from '../graph/value.ts';
import type { Uniforms } from './emitUniforms.ts';

/**
 * What a head needs of chance, made for all samples before the loop, so that a sample costs next to nothing:
 *
 *   categorical  -log(-log u) of each class, Gumbel's distribution
 *   gaussian     a standard normal number of each feature (Box and Muller: sqrt(-2 log u) cos(2 pi v))
 *   quantile     how much of each level's value is in the draw, [.., levels * features]
 *
 * @param chance draws from a seed, or what came as noise; [samples, batch, width]
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
 * With levels q_1 < ... < q_n and their values v: x = v_1 + sum over j of (v_(j+1) - v_j) (u - q_j) / (q_(j+1) - q_j), each part held to
 * 0 and 1, but the first below and the last above: there the outermost lines go on. So v_1 has the share 1 - part_1, v_j the share
 * part_(j-1) - part_j, v_n the share part_(n-1).
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
