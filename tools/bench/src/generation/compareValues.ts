import type { SystemName } from './systems.ts';
import { ours, plainLoop } from './systems.ts';
import type { GenerationWork } from './work.ts';

/** How far our values may lie from the plain loop's over the first 200 samples: two orders of the same float32 sums, values of about 1. */
export const VALUES_ATOL = 1e-5;

/**
 * How far other systems' values may: their own functions and sums, fed back 200 times. A net of another make or gate order is off by the
 * size of the values, 0.1 to 1.
 */
const PEERS_ATOL = 1e-3;

/** Samples over which values must agree. */
export const AGREEING_SAMPLES = 200;

export interface ValueComparison {
  work: string;
  system: SystemName;
  samples: number;
  /** The greatest absolute difference to the plain loop. */
  difference: number;
  /** The greatest value of the plain loop, without its sign. */
  greatest: number;
  /** Why nothing was compared; empty where it was. */
  unlike: string;
}

/**
 * @param values   [steps, batch] of the system
 * @param expected the same of the plain loop
 * @param samples  of them that are compared
 */
export function compareValues(
  { name, batch }: GenerationWork,
  system: SystemName,
  samples: number,
  values: Float32Array,
  expected: Float32Array,
  unlike: string,
): ValueComparison {
  let difference = 0;
  let greatest = 0;
  for (let index = 0; index < samples * batch && unlike === ''; index++) {
    const off = Math.abs(values[index] - expected[index]);
    // NaN counts as infinitely far.
    difference = Number.isNaN(off) ? Infinity : Math.max(difference, off);
    greatest = Math.max(greatest, Math.abs(expected[index]));
  }
  return { work: name, system, samples, difference, greatest, unlike };
}

/** A sentence for values that do not agree; null where they do, or need not. */
export function valueProblem({ work, system, samples, difference }: ValueComparison): string | null {
  const bound = system === ours ? VALUES_ATOL : PEERS_ATOL;
  if (samples > AGREEING_SAMPLES || difference <= bound) return null;
  return `${work}: expected the first ${samples} values of ${system} within ${bound} of those of ${plainLoop}, got ${difference.toExponential(1)}; its figures are of another computation`;
}
