import type { DrawKeys, Sampling } from '@onda/contract';
import { uniformDraws } from '@onda/contract';
import type { FloatTensor } from './tensors.ts';
import { floatTensor } from './tensors.ts';

/**
 * Samples a value from the outputs of a step: equal to the value of a generator with the same seed, except for the last bits of
 * logarithms and cosines. For closed loops outside the graph, and to check generators.
 *
 * @param outputs outputs of one row and sample
 * @param row     index in the batch
 * @param sample  index of the sample; 0 is the first value after the prompt
 * @returns the features to feed back; for categorical a one-hot row
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

/** The inverse distribution function, interpolated linearly between the levels and extrapolated beyond them. */
function between(levels: readonly number[], valueOf: (index: number) => number, share: number): number {
  const order = levels.map((_, index) => index).sort((a, b) => levels[a] - levels[b]);
  const above = order.findIndex((index, place) => place > 0 && share < levels[index]);
  const place = above === -1 ? order.length - 1 : above;
  const [low, high] = [order[place - 1], order[place]];
  const along = (share - levels[low]) / (levels[high] - levels[low]);
  return valueOf(low) + along * (valueOf(high) - valueOf(low));
}

/**
 * The noise with which a generator with source `noise` gives the same values as one with source `seed`, except for the last bits.
 *
 * @param shape [batch, samples, width]
 * @returns uniform in (0, 1), or standard normal for gaussian
 */
export function drawNoise(
  { kind }: Sampling,
  keys: DrawKeys,
  shape: readonly [batch: number, samples: number, width: number],
): FloatTensor {
  const [batch, samples, width] = shape;
  const data = new Float32Array(batch * samples * width);
  let at = 0;
  for (let row = 0; row < batch; row++) {
    for (let sample = 0; sample < samples; sample++) {
      for (let place = 0; place < width; place++) {
        const [u, v] = uniformDraws(keys, sample, row * width + place);
        data[at++] = kind === 'gaussian' ? Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v) : u;
      }
    }
  }
  return floatTensor(shape, data);
}
