import type { Table } from './table.ts';

/** Values of a subject compared with a reference: a subject that computes something else is not measured. */
export interface Agreement {
  workload: string;
  subject: string;
  /** What the values were compared with; null where there was nothing. */
  reference: string | null;
  /** Number of values compared, from the first on. */
  compared: number;
  /** Greatest difference. */
  difference: number;
  /** The difference allowed; Infinity: reported only. */
  allowed: number;
  /** Anything a reader should know, such as why fewer values were compared. */
  note: string;
}

/**
 * The greatest absolute difference, relative to `scale`; NaN counts as infinite.
 *
 * @param scale by which the difference of each value is divided
 */
export function greatestDifference(
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
  count: number,
  scale: (expected: number) => number = () => 1,
): number {
  let greatest = 0;
  for (let index = 0; index < count; index++) {
    const difference = Math.abs(values[index] - expected[index]) / scale(expected[index]);
    if (Number.isNaN(difference)) return Infinity;
    greatest = Math.max(greatest, difference);
  }
  return greatest;
}

/** One sentence per subject whose values differ. */
export function disagreements(agreements: readonly Agreement[]): string[] {
  return agreements
    .filter(({ difference, allowed }) => !(difference <= allowed))
    .map(
      ({ workload, subject, reference, compared, difference, allowed }) =>
        `${workload}: expected the first ${compared} values of ${subject} within ${allowed} of ${reference ?? 'nothing'}, got ${difference.toExponential(1)}; it computes something else, leave it out (--systems)`,
    );
}

export function agreementTable(agreements: readonly Agreement[]): Table | null {
  if (agreements.length === 0) return null;
  return {
    title: 'Values compared',
    head: ['work', 'system', 'with', 'values', 'greatest difference', 'allowed', 'note'],
    rows: agreements.map(({ workload, subject, reference, compared, difference, allowed, note }) => [
      ...[workload, subject, reference ?? 'nothing', String(compared)],
      compared === 0 ? '' : difference.toExponential(1),
      compared > 0 && Number.isFinite(allowed) ? String(allowed) : '',
      note,
    ]),
  };
}
