import { randomNumbers } from './randomNumbers.ts';

/** Draws from [low, high), the same row of numbers for the same seed: what `Net.create` takes. */
export function seededUniform(seed: number): (low: number, high: number) => number {
  const random = randomNumbers(seed);
  return (low, high) => low + ((random(1)[0] + 1) / 2) * (high - low);
}
