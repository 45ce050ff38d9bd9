import type { Scaler } from './manifestParts.ts';

// Does not import the schema, so that code that only samples does not load zod.

/** The type of `samplingSchema` without zod, for the types of the published exporter. */
export type Sampling =
  | {
      kind: 'categorical';
      from: 'probabilities' | 'logits';
      temperature: number;
      source: 'seed' | 'noise';
    }
  | { kind: 'gaussian'; source: 'seed' | 'noise' }
  | { kind: 'quantile'; levels: number[]; source: 'seed' | 'noise' };

/** Number of blocks of features in an output. */
export function samplingBlocks(sampling: Sampling | null): number {
  if (sampling?.kind === 'gaussian') return 2;
  return sampling?.kind === 'quantile' ? sampling.levels.length : 1;
}

/** Whether values are random: at temperature 0 the most likely class is always chosen. */
export function drawsAny(sampling: Sampling | null): sampling is Sampling {
  return sampling !== null && !(sampling.kind === 'categorical' && sampling.temperature === 0);
}

/**
 * The scaler of a net's outputs, per column, from the scaler of its features. Each level of a quantile read-out is a value of the data;
 * the second block of a gaussian is the logarithm of a variance, to which scaling adds the logarithm of the squared scale.
 *
 * @param sampling null: the outputs are the features
 */
export function outputScaler({ kind, center, scale }: Scaler, sampling: Sampling | null): Scaler {
  if (sampling?.kind === 'quantile') {
    return {
      kind,
      center: sampling.levels.flatMap(() => center),
      scale: sampling.levels.flatMap(() => scale),
    };
  }
  if (sampling?.kind !== 'gaussian') return { kind, center, scale };
  return {
    kind,
    center: [...center, ...scale.map((value) => Math.fround(2 * Math.log(value)))],
    scale: [...scale, ...scale.map(() => 1)],
  };
}

/** Constants of the random number generator, which generator graphs contain as well. */
export const drawConstants = {
  /** The largest prime below 2^26: products of two numbers below it are exact in a float64, as in an int64. */
  modulus: 67_108_859,
  /** Round constants: groups of eight digits of pi that are below the modulus. */
  rounds: [31_415_926, 53_589_793, 23_846_264, 33_832_795, 2_884_197, 16_939_937, 51_058_209, 7_494_459],
  /** The lowest 3 bits (2^3) are dropped: with the remaining 23, (2 n + 1) / 2^24 is exact in float32 and neither 0 nor 1. */
  dropped: 8,
  steps: 2 ** 24,
} as const;

const { modulus, rounds, dropped, steps } = drawConstants;

/** The keys of a seed, for even and odd rounds. */
export interface DrawKeys {
  readonly even: number;
  readonly odd: number;
}

/** @param seed any int64 */
export function drawKeys(seed: bigint): DrawKeys {
  const most = BigInt(modulus);
  const rest = (value: bigint): number => Number(((value % most) + most) % most);
  return { even: rest(seed), odd: rest(seed / most) };
}

/**
 * Two random numbers, uniform in (0, 1), of a counter and a seed, equal to those of a generator graph to the last bit.
 *
 * A Feistel network maps the counter (sample, cell) to two pseudo-random numbers: each round adds the cube of one half, with a key, to
 * the other. It is a bijection, so no two counters of a seed have the same numbers.
 *
 * @param sample index of the sample; 0 is the first value after the prompt
 * @param cell   index of the number within the sample: row * numbers per row + index in the row
 */
export function uniformDraws({ even, odd }: DrawKeys, sample: number, cell: number): [number, number] {
  let [left, right] = [sample % modulus, cell % modulus];
  rounds.forEach((constant, round) => {
    const sum = (right + constant + (round % 2 === 0 ? even : odd)) % modulus;
    const cube = (((sum * sum) % modulus) * sum) % modulus;
    [left, right] = [right, (left + cube) % modulus];
  });
  return [uniform(left), uniform(right)];
}

function uniform(value: number): number {
  return (2 * Math.floor(value / dropped) + 1) / steps;
}
