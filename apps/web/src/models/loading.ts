import type { NetManifest } from '@onda/contract';
import { modelSeries, readDataFile } from '../data/modelSeries.ts';
import type { Series } from '../data/series.ts';

// Fetched after the page is drawn: the manifest's validator and the readers of data.
export { loadModel } from './loadModel.ts';

export function loadSeries(manifest: NetManifest): Promise<Series> {
  return modelSeries(manifest, readDataFile);
}
