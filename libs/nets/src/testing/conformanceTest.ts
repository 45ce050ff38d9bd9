import { expect } from 'vitest';

/** A named test on the current backend; it must dispose of all its tensors. */
export type ConformanceTest = [name: string, run: () => void];

/**
 * Edge sizes: one unit, odd units, one sequence and several, one sample and two, and one that kernels split into blocks.
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
 * float32 rounding of sums of about 40 terms over up to 50 samples: measured 2.2e-7 of the largest value on the wasm backend;
 * the rest allows for another order of summation and another tanh.
 */
const FLOAT32_RELATIVE = 3e-6;

/** Compares relative to the largest expected value: small values have the rounding errors of the large ones. */
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
