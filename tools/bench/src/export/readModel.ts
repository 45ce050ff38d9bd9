import path from 'node:path';
import type { LayersArtifacts } from '@onda/exporter';

interface Document {
  modelTopology: unknown;
  weightsManifest: [{ paths: [string]; weights: LayersArtifacts['weightSpecs'] }];
}

/** What `writeLayersModel` wrote, as the exporter takes it. */
export function readLayersModel(
  file: string,
  read: (name: string) => Uint8Array,
): LayersArtifacts & { weightData: ArrayBuffer } {
  const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(read(file)).toString('utf8')) as Document;
  const [{ paths, weights }] = weightsManifest;
  const data = read(path.join(path.dirname(file), paths[0]));
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
  return { modelTopology, weightSpecs: weights, weightData };
}
