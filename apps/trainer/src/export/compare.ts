import type { ParityRow } from '@onda/contract';

/**
 * Float32 through another library's kernels: sums in another order and another tanh differ in the last bits, and a state carries
 * them on. Measured 1e-7 to 2e-6 on the first job; 1e-5 is the contract's bound, taken relative to the largest value.
 */
const relativeTolerance = 1e-5;

/**
 * The same for weights that are kept in fewer bits, beside the weights as they were trained: a half float is within 2^-11 of a weight, an
 * int8 within 1 / 128 of its column's largest, and a state carries that on. Measured up to 3e-4 and 1e-2 on small nets.
 */
export const relativeTolerances = { float32: relativeTolerance, float16: 1e-2, int8: 1e-1 } as const;

/** What one comparison is about: the check's name, the runtime, batch and time of the input. */
export type Comparison = Pick<ParityRow, 'check' | 'runtime' | 'batch' | 'time'>;

/**
 * The row of two results that should be equal.
 *
 * The bound on the absolute difference is `relative` times the largest value expected, at least 1: values in the data's own
 * units may be hundreds. A value that is not finite must be the same on both sides, and does not widen the bound.
 */
export function compareValues(
  comparison: Comparison,
  expected: Float32Array,
  actual: Float32Array,
  relative: number = relativeTolerance,
): ParityRow {
  let maxAbs = expected.length === actual.length ? 0 : Infinity;
  let maxRel = maxAbs;
  let magnitude = 1;
  for (let i = 0; i < expected.length && Number.isFinite(maxAbs); i++) {
    if (!Number.isFinite(expected[i]) && Object.is(expected[i], actual[i])) continue;
    const difference = Math.abs(expected[i] - actual[i]);
    if (!Number.isFinite(difference)) {
      maxAbs = maxRel = Infinity;
      break;
    }
    maxAbs = Math.max(maxAbs, difference);
    // Near zero a relative difference says nothing; 1e-3 is where float32 sums of order 1 still have four digits.
    maxRel = Math.max(maxRel, difference / Math.max(Math.abs(expected[i]), 1e-3));
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
  }
  return { ...comparison, maxAbs, maxRel, tolerance: relative * magnitude };
}

export const rowHolds = (row: ParityRow): boolean => row.maxAbs <= row.tolerance;

/** Parity rows as a table for people. */
export function parityTable(rows: readonly ParityRow[]): { head: string[]; rows: string[][] } {
  return {
    head: ['check', 'runtime', 'batch', 'time', 'max abs', 'max rel', 'bound', ''],
    rows: rows.map((row) => [
      row.check,
      row.runtime,
      String(row.batch),
      String(row.time),
      row.maxAbs.toExponential(1),
      row.maxRel.toExponential(1),
      row.tolerance.toExponential(1),
      rowHolds(row) ? 'ok' : 'DIFFERS',
    ]),
  };
}
