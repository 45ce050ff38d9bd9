import type { ModelRepository } from '../modelRepository.ts';
import type { ServedModel } from '../servedModel.ts';
import { notLiving } from './sequenceErrors.ts';
import type { GoneSequence, LiveSequence } from './sequenceState.ts';

/**
 * A live sequence as it stands, on whichever version it began.
 *
 * @param model   what a request's name and version found
 * @param version of the request's path
 * @param ownId   the id as its client calls it
 * @returns the sequence's row is the caller's
 * @throws ProtocolError 404, 410, 503
 */
export async function findLive(
  repository: ModelRepository,
  model: ServedModel,
  version: string | undefined,
  id: string,
  ownId: string,
): Promise<{ model: ServedModel; sequence: LiveSequence }> {
  let gone: GoneSequence | undefined;
  for (const candidate of [model, ...repository.others(model, version)]) {
    const found = await candidate.sequences.find(id);
    if (found?.kind === 'live') {
      return { model: candidate, sequence: { ...found, row: found.row.slice() } };
    }
    gone ??= found;
  }
  throw notLiving(ownId, gone);
}
