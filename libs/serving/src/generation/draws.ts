import { randomInt } from 'node:crypto';
import { DataError, drawKeys } from '@onda/contract';
import type { GenerateRequest } from '@onda/protocol';
import { drawNoise, floatTensor } from '@onda/runtime';
import type { Draws } from '@onda/runtime';
import { joinSamples } from './timeAxis.ts';
import type { Generator } from './generator.ts';

/** The most that `randomInt` takes. */
const SEEDS = 2 ** 48 - 1;

/**
 * What a generator draws from. A request of a model that draws may name a seed; one is chosen where it names none.
 *
 * A run takes draws for the lag at least, so noise goes on for as many samples beyond those that are wanted.
 *
 * @returns the seed to tell the client; undefined where nothing is drawn, or from the client's own noise
 * @throws DataError for a seed or noise that does not fit
 */
export function readDraws(
  name: string,
  { form, lag, sampling }: Generator,
  asked: Pick<GenerateRequest, 'seed'> & Partial<Pick<GenerateRequest, 'noise'>>,
  [batch, samples]: readonly [batch: number, samples: number],
): { draws: Draws | undefined; seed: bigint | undefined } {
  const { seed: given, noise } = asked;
  if (form.draws === null) {
    if (given === undefined) return { draws: undefined, seed: undefined };
    throw new DataError(
      `seed: expected none, since model "${name}" draws nothing, got ${given}; leave it out`,
    );
  }
  if (noise !== undefined) {
    if (given !== undefined) {
      throw new DataError('noise: expected none beside a seed, got both; leave one of them out');
    }
    const { dims } = noise;
    const beyond = floatTensor([batch, lag, dims[2]], new Float32Array(batch * lag * dims[2]).fill(0.5));
    return { draws: { noise: joinSamples(noise, beyond) as typeof noise }, seed: undefined };
  }
  if (form.draws.kind === 'noise' && !sampling) {
    throw new DataError(
      `noise: expected it, since model "${name}" does not say what a seed would stand for, got none; give the draws of each sample`,
    );
  }
  const seed = given ?? BigInt(randomInt(SEEDS));
  if (form.draws.kind === 'seed' || !sampling) return { draws: { seed }, seed };
  const shape = [batch, samples + lag, form.draws.width] as const;
  return { draws: { noise: drawNoise(sampling, drawKeys(seed), shape) }, seed };
}
