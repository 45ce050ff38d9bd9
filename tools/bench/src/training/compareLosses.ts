import type { SystemName } from './systems.ts';
import { peer, systems } from './systems.ts';
import type { Work } from './work.ts';

/**
 * How far the loss of a step may lie from PyTorch's, relative: what the foundation asks of a run of 100 steps in float32. Over the
 * few first steps of a work, sums in another order make 1e-6; over the 100 of the first job as a process, 1.4e-5 (measured on two cores).
 */
export const LOSS_RTOL = 1e-4;

/** The first losses of a system beside those of the one that they are compared with. */
export interface LossComparison {
  work: string;
  system: SystemName;
  /** What it was compared with; null where nothing was. */
  reference: SystemName | null;
  /** Losses that were compared. */
  compared: number;
  /** Greatest relative difference of those. */
  difference: number;
  /** Why not all of them were compared; empty where they were. */
  reason: string;
}

/**
 * Compares the first losses that systems had on a work with PyTorch's, or with the first system's where PyTorch is not there.
 *
 * @param losses of each step, by system
 */
export function compareLosses(
  work: Work,
  losses: ReadonlyMap<SystemName, readonly number[]>,
): LossComparison[] {
  const names = [...losses.keys()];
  const comparable = (name: SystemName): ReturnType<(typeof systems)[SystemName]['comparable']> =>
    systems[name].comparable(work.spec.cell);
  const reference = losses.has(peer) ? peer : names.find((name) => comparable(name).losses === null);
  return names
    .filter((name) => name !== reference)
    .map((system) => {
      const { losses: count, reason } = comparable(system);
      const expected = reference === undefined ? [] : (losses.get(reference) ?? []);
      const got = losses.get(system) ?? [];
      const compared = Math.min(count ?? Infinity, expected.length, got.length);
      const differences = got.slice(0, compared).map((value, step) => relative(value, expected[step]));
      return {
        work: work.name,
        system,
        reference: reference ?? null,
        compared,
        difference: Math.max(0, ...differences),
        reason,
      };
    });
}

/** A sentence for a comparison that does not hold; null where it does. */
export function lossProblem({
  work,
  system,
  reference,
  compared,
  difference,
}: LossComparison): string | null {
  if (difference <= LOSS_RTOL) return null;
  return `${work}: expected the first ${compared} losses of ${system} within ${LOSS_RTOL} relative of those of ${reference ?? 'nothing'}, got ${difference.toExponential(1)}; its figures are of another computation`;
}

/** NaN counts as infinitely far. */
function relative(value: number, expected: number): number {
  const difference = Math.abs(value - expected) / Math.abs(expected);
  return Number.isNaN(difference) ? Infinity : difference;
}
