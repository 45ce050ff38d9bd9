/** The numbers that the draws are made of; a generator's graph has them too. */
export const drawConstants = {
  /** The largest prime below 2^26: products of two numbers below it are exact in a float64, as in an int64. */
  modulus: 67_108_859,
  /** What each round adds before it cubes: digits of pi, eight by eight, those below the modulus. */
  rounds: [31_415_926, 53_589_793, 23_846_264, 33_832_795, 2_884_197, 16_939_937, 51_058_209, 7_494_459],
  /** The last bits, 2^3, are left out: 23 are left, so that (2 n + 1) / 2^24 is exact in a float32 and neither 0 nor 1. */
  dropped: 8,
  steps: 2 ** 24,
} as const;

const { modulus, rounds, dropped, steps } = drawConstants;

/** What a seed is turned into: a key for every other round. */
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
 * Two draws, uniform in (0, 1), for a place of a seed: the same as a generator's graph makes, to the last bit.
 *
 * A Feistel network takes the place, (sample, cell), to two numbers that are as good as random: each round adds the cube of one half,
 * with a key, to the other. It is one to one, so no two places of a seed share their draws.
 *
 * @param sample counts from 0: the first value after the prompt
 * @param cell   which draw of the sample: row * draws of a row + place in the row
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
