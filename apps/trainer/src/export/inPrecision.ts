import type { Manifest, ParityRow } from '@onda/contract';
import { roundWeights } from '@onda/exporter';
import type { LayersModel } from '../fit/artifacts.ts';
import { relativeTolerances } from './compare.ts';

/** Weights for TensorFlow.js, and how close a file comes to them, relative to the largest value. */
export interface Reference {
  weights: LayersModel;
  relative: number;
}

/** What a file is held against: float16 is exact for its rounded weights, int8 computes in other numbers throughout. */
export function heldAgainst(artifacts: LayersModel, { precision }: Pick<Manifest, 'precision'>): Reference {
  const weights: LayersModel =
    precision === 'float16' ? { ...artifacts, ...roundWeights(artifacts) } : artifacts;
  return { weights, relative: relativeTolerances[precision === 'int8' ? 'int8' : 'float32'] };
}

/**
 * Compares an export in its precision; one in float16 with the trained weights too, so that the manifest tells what rounding costs.
 *
 * @param compare gives rows; `exact`: the file holds these very weights
 */
export async function inPrecision(
  artifacts: LayersModel,
  manifest: Pick<Manifest, 'precision'>,
  compare: (reference: Reference, exact: boolean) => Promise<ParityRow[]>,
): Promise<ParityRow[]> {
  const { precision } = manifest;
  const rows = await compare(heldAgainst(artifacts, manifest), precision !== 'int8');
  if (precision !== 'float16') return rows;
  const trained = await compare({ weights: artifacts, relative: relativeTolerances.float16 }, false);
  return [...rows, ...trained.map((row) => ({ ...row, check: `${row.check}, float32 weights` }))];
}
