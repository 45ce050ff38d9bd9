import { uniformDraws } from '@onda/contract';
import type { DrawKeys, Sampling } from '@onda/contract';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';

/**
 * The noise that makes a generator with source `noise` draw what one with source `seed` draws of a seed, but for the last bits.
 *
 * @param shape [batch, samples, width]
 * @returns uniform in (0, 1), for a gaussian standard normal
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
