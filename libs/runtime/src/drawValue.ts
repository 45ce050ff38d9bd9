import type { DrawKeys, Sampling } from '@onda/contract';
import { uniformDraws } from '@onda/contract';

/**
 * What a sampling makes of a sample's outputs: the same as a generator draws from the same seed, but for the last bits of logarithms and
 * cosines. For closed loops outside the graph, and to check those inside.
 *
 * @param outputs of one row and sample
 * @param row     of the batch
 * @param sample  counts from 0: the first value after the prompt
 * @returns the features that are fed back; of a categorical a one-hot row
 */
export function drawValue(
  sampling: Sampling,
  keys: DrawKeys,
  outputs: readonly number[],
  row: number,
  sample: number,
): number[] {
  if (sampling.kind === 'categorical') return drawClass(sampling, keys, outputs, row, sample);
  const blocks = sampling.kind === 'gaussian' ? 2 : sampling.levels.length;
  const features = outputs.length / blocks;
  return Array.from({ length: features }, (_, feature) => {
    const [u, v] = uniformDraws(keys, sample, row * features + feature);
    const block = (index: number): number => outputs[index * features + feature];
    if (sampling.kind === 'quantile') return between(sampling.levels, block, u);
    return block(0) + Math.exp(block(1) / 2) * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  });
}

function drawClass(
  { from, temperature }: Extract<Sampling, { kind: 'categorical' }>,
  keys: DrawKeys,
  outputs: readonly number[],
  row: number,
  sample: number,
): number[] {
  const scores = outputs.map((value, at) => {
    if (temperature === 0) return value;
    const [u] = uniformDraws(keys, sample, row * outputs.length + at);
    return (from === 'logits' ? value : Math.log(value)) / temperature - Math.log(-Math.log(u));
  });
  const chosen = scores.indexOf(Math.max(...scores));
  return scores.map((_, at) => (at === chosen ? 1 : 0));
}

/** The value at a share of the distribution, on the line between the levels beside it, or the outermost line beyond them. */
function between(levels: readonly number[], valueOf: (index: number) => number, share: number): number {
  const order = levels.map((_, index) => index).sort((a, b) => levels[a] - levels[b]);
  const above = order.findIndex((index, place) => place > 0 && share < levels[index]);
  const place = above === -1 ? order.length - 1 : above;
  const [low, high] = [order[place - 1], order[place]];
  const along = (share - levels[low]) / (levels[high] - levels[low]);
  return valueOf(low) + along * (valueOf(high) - valueOf(low));
}
