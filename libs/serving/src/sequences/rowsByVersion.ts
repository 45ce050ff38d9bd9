import { OndaError } from '@onda/contract';
import { joinTensors, takeRows } from '../batching/joinTensors.ts';
import type { RowEnd, RowsAnswer, RowsStep, RowSteps } from './rowSteps.ts';

/**
 * Steps many sequences that live on several versions of a model: a run for each version. What fails one of them fails its rows: those
 * of the others are done.
 *
 * @param versions what steps each row
 */
export async function stepRowsByVersion(
  step: RowsStep,
  versions: readonly Pick<RowSteps, 'run'>[],
): Promise<RowsAnswer> {
  const ends = new Array<RowEnd>(versions.length);
  const one = async (version: Pick<RowSteps, 'run'>): Promise<void> => {
    const rows = versions.flatMap((other, row) => (other === version ? [row] : []));
    const names = Object.keys(step.inputs);
    const run = version.run({
      ...step,
      controls: rows.map((row) => step.controls[row]),
      inputs: joinTensors(rows.map((row) => takeRows(step.inputs, names, row, 1))),
    });
    const answer = await run.catch((error: unknown): RowsAnswer => {
      if (!(error instanceof OndaError)) throw error;
      return { ends: rows.map(() => ({ kind: 'failed', error })), tensors: {} };
    });
    for (const [index, end] of answer.ends.entries()) ends[rows[index]] = ownTensors(end, answer);
  };
  await Promise.all([...new Set(versions)].map(one));
  return { ends, tensors: {} };
}

/** A row with tensors of its own: those of the run are one version's. */
function ownTensors(end: RowEnd, { tensors }: RowsAnswer): RowEnd {
  if (end.kind === 'failed' || typeof end.from !== 'number') return end;
  return { ...end, from: takeRows(tensors, Object.keys(tensors), end.from, 1) };
}
