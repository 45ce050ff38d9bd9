import type { InferRequest, SequenceControl } from '@onda/protocol';
import { scopedRequest } from '../access/sequenceScope.ts';
import type { ModelRepository } from '../modelRepository.ts';
import type { ServedModel } from '../servedModel.ts';

export interface RoutedRequest {
  readonly model: ServedModel;
  readonly request: InferRequest;
  /** What steps each row, where rows are sequences and versions come and go; undefined: `model` steps all. */
  readonly rowModels?: readonly ServedModel[] | undefined;
}

/**
 * Decodes a request against the version that answers it: the step of a sequence goes to the version that the sequence began on,
 * though a newer one was loaded since, or that one was taken away.
 *
 * @param model   what the request's name and version found, one that was taken away among them
 * @param version of the request's path
 * @param client  whose sequences are meant, where clients have their own
 * @param decode  against a version's tensors, which may differ from those of another
 * @throws what `decode` throws; ProtocolError 404 for anything but a step of a version that was taken away
 */
export function routeRequest(
  repository: ModelRepository,
  model: ServedModel,
  version: string | undefined,
  client: string | undefined,
  decode: (model: ServedModel) => InferRequest,
): RoutedRequest | Promise<RoutedRequest> {
  const others = repository.others(model, version);
  // The rule; the rest costs nothing then.
  const serves = repository.serves(model);
  if (others.length === 0 && serves) return { model, request: decode(model) };
  const checkServed = (): void => {
    if (!serves) repository.find(model.name, version);
  };
  return routeAmong(model, others, client, decode, checkServed);
}

/** @param checkServed throws for a version that was taken away */
async function routeAmong(
  model: ServedModel,
  others: readonly ServedModel[],
  client: string | undefined,
  decode: (model: ServedModel) => InferRequest,
  checkServed: () => void,
): Promise<RoutedRequest> {
  let gone: RoutedRequest | undefined;
  let first: { request: InferRequest } | { error: unknown } | undefined;
  for (const candidate of [model, ...others]) {
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
      if (rows.some(({ start }) => start)) checkServed();
      return { model: candidate, request, rowModels: await routeRows(rows, [model, ...others]) };
    }
    if (sequence === undefined) break;
    const found = await candidate.sequences.find(sequence.id);
    if (found?.kind === 'live') return { model: candidate, request };
    // One that has ended there is told of as such, unless it lives elsewhere or begins again.
    if (found?.kind === 'gone' && !sequence.start) gone ??= { model: candidate, request };
  }
  if (gone) return gone;
  checkServed();
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
