import type { LayersArtifacts } from '../artifacts/artifacts.ts';
import { UnsupportedError } from '../errors.ts';
import { readNet } from './readNet.ts';

/**
 * Whether `exportNet` takes a model; `exportModel` takes the others.
 *
 * @throws ModelError for damaged artifacts, whatever they are of
 */
export function isOndaNet(artifacts: LayersArtifacts): boolean {
  try {
    readNet(artifacts);
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}
