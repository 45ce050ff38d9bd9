import type { InferRequest, SequenceControl } from '@onda/protocol';
import { scopedRequest } from '../sequences/sequenceScope.ts';
import type { ModelRepository } from '../modelRepository.ts';
import type { ServedModel } from '../servedModel.ts';

export interface RoutedRequest {
  readonly model: ServedModel;
  readonly request: InferRequest;
  /** What steps each row, where rows are sequences and versions come and go; undefined: `model` steps all. */
  readonly rowModels?: readonly ServedModel[] | undefined;
}

/**
 * Decodes a request against the version that answers it, and runs it there: the step of a sequence goes to the version that the
 * sequence began on, though a newer one was loaded since, or that one was taken away.
 *
 * Which version that is, is known once the steps before it are done: where there are several, the steps of a sequence take turns.
 *
 * @param model   what the request's name and version found, one that was taken away among them
 * @param version of the request's path
 * @param client  whose sequences are meant, where clients have their own
 * @param decode  against a version's tensors, which may differ from those of another
 * @throws what `decode` and `run` throw; ProtocolError 404 for anything but a step of a version that was taken away
 */
export function routeRequest<Answer>(
  repository: ModelRepository,
  model: ServedModel,
  version: string | undefined,
  client: string | undefined,
  decode: (model: ServedModel) => InferRequest,
  run: (routed: RoutedRequest) => Promise<Answer>,
): Promise<Answer> {
  const others = repository.others(model, version);
  // The rule; the rest costs nothing then.
  if (others.length === 0 && repository.serves(model) && repository.turns.idle) {
    return run({ model, request: decode(model) });
  }
  const versions = [model, ...others];
  const ids = idsOf(versions, client, decode);
  const keys = ids.map((id) => `${model.name}\n${id}`);
  return repository.turns.take(keys, async () => {
    // What was asked for while there was one version alone.
    await Promise.all(versions.flatMap(({ steps }) => ids.map((id) => steps.turns.settled(id))));
    const routed = await routeAmong(repository, [model.name, version], client, decode);
    // Counted with the version that was found first, it is to keep the one that it runs on.
    routed.model.stats.generating++;
    try {
      return await run(routed);
    } finally {
      routed.model.stats.generating--;
    }
  });
}

/** The sequences that a request steps, as they are kept. */
function idsOf(
  versions: readonly ServedModel[],
  client: string | undefined,
  decode: (model: ServedModel) => InferRequest,
): string[] {
  for (const candidate of versions) {
    try {
      const { sequence, rows = [] } = scopedRequest(client, decode(candidate));
      return sequence ? [sequence.id] : rows.map(({ id }) => id);
    } catch {
      // Told when its turn comes, if no version takes it.
    }
  }
  return [];
}

async function routeAmong(
  repository: ModelRepository,
  [name, version]: readonly [name: string, version: string | undefined],
  client: string | undefined,
  decode: (model: ServedModel) => InferRequest,
): Promise<RoutedRequest> {
  const model = repository.findHeld(name, version);
  const versions = [model, ...repository.others(model, version)];
  let gone: RoutedRequest | undefined;
  let first: { request: InferRequest } | { error: unknown } | undefined;
  for (const candidate of versions) {
    let request: InferRequest;
    try {
      request = decode(candidate);
    } catch (error) {
      first ??= { error };
      continue;
    }
    first ??= { request };
    const { sequence, rows } = scopedRequest(client, request);
    if (rows) {
      if (rows.some(({ start }) => start)) repository.find(name, version);
      return { model: candidate, request, rowModels: await routeRows(rows, versions) };
    }
    if (sequence === undefined) break;
    const found = await candidate.sequences.find(sequence.id);
    if (found?.kind === 'live') return { model: candidate, request };
    // One that has ended there is told of as such, unless it lives elsewhere or begins again.
    if (found?.kind === 'gone' && !sequence.start) gone ??= { model: candidate, request };
  }
  if (gone) return gone;
  // A version that was taken away takes nothing else.
  repository.find(name, version);
  if (first && 'request' in first) return { model, request: first.request };
  throw first?.error;
}

/** The version that each row's sequence began on; the first for one that is nowhere. */
function routeRows(
  rows: readonly SequenceControl[],
  versions: readonly ServedModel[],
): Promise<readonly ServedModel[]> {
  return Promise.all(
    rows.map(async ({ id, start }) => {
      let ended: ServedModel | undefined;
      for (const version of versions) {
        const found = await version.sequences.find(id);
        if (found?.kind === 'live') return version;
        if (found?.kind === 'gone' && !start) ended ??= version;
      }
      return ended ?? versions[0];
    }),
  );
}
