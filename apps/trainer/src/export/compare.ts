import type { ParityRow } from '@onda/contract';

/**
 * float32 with the kernels of another library: another order of summation and another tanh differ in the last bits, and the state
 * accumulates the differences. Measured 1e-7 to 2e-6 on the lagged sine; 1e-5 is the bound of the contract, relative to the largest value.
 */
const relativeTolerance = 1e-5;

/**
 * The same for weights in fewer bits, compared with the trained weights: a float16 is within 2^-11 of its weight, an int8 within 1 / 128
 * of the largest of its column, and the state accumulates the differences. Measured up to 3e-4 and 1e-2 on small nets.
 */
export const relativeTolerances = { float32: relativeTolerance, float16: 1e-2, int8: 1e-1 } as const;

/** What is compared: name of the check, runtime, batch and time of the input. */
export type Comparison = Pick<ParityRow, 'check' | 'runtime' | 'batch' | 'time'>;

/**
 * Compares two results.
 *
 * The bound of the absolute difference is `relative` times the largest expected value, or times 1 if that is smaller. Values that are
 * not finite must be equal, and do not widen the bound.
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
    // Relative differences near zero are meaningless; at 1e-3, float32 sums of order 1 still have four digits.
    maxRel = Math.max(maxRel, difference / Math.max(Math.abs(expected[i]), 1e-3));
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
  }
  return { ...comparison, maxAbs, maxRel, tolerance: relative * magnitude };
}

export const rowHolds = (row: ParityRow): boolean => row.maxAbs <= row.tolerance;

/** Parity rows as a table. */
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
