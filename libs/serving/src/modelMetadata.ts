import type { ModelMetadata } from '@onda/protocol';
import type { ModelRepository } from './modelRepository.ts';

/**
 * A model's metadata as JSON. Asked for without a version it is that of the newest, with the numbers of all that answer.
 *
 * @throws ProtocolError as `find`
 */
export function modelMetadataText(
  repository: ModelRepository,
  name: string,
  version: string | undefined,
): string {
  const all = repository.findAll(name, version);
  const [{ metadata }] = all;
  if (all.length === 1) return metadata;
  const versions = all.map((model) => model.version).reverse();
  return JSON.stringify({ ...(JSON.parse(metadata) as ModelMetadata), versions });
}
