import { expect } from 'vitest';

/** A named test on the current backend, which leaves no tensor behind. */
export type ConformanceTest = [name: string, run: () => void];

/**
 * Sizes that kernels stumble over: one unit, odd units, one sequence and several, one sample and two, and one long enough to be
 * worked on in pieces.
 */
export const testSizes = [
  { units: 1, batch: 1, time: 1, features: 1 },
  { units: 1, batch: 5, time: 2, features: 3 },
  { units: 7, batch: 1, time: 2, features: 1 },
  { units: 7, batch: 5, time: 1, features: 2 },
  { units: 33, batch: 1, time: 1, features: 3 },
  { units: 33, batch: 5, time: 2, features: 1 },
  { units: 9, batch: 6, time: 50, features: 2 },
] as const;

/**
 * float32 rounding of sums of about 40 terms, carried through up to 50 samples: 2.2e-7 of the largest value on the `cpu` backend,
 * with room for another order of the sums and another tanh.
 */
const FLOAT32_RELATIVE = 3e-6;

/** Compares with the largest expected value as the measure: small values beside large ones have the large ones' rounding. */
export function expectNear(given: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(given.length, `${what}: length`).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(given[i] - expected[i]);
    worst = Math.max(worst, difference);
  }
  expect(worst, `${what}: largest difference, values up to ${scale}`).toBeLessThan(FLOAT32_RELATIVE * scale);
}
