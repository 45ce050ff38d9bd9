import path from 'node:path';
import { ConfigError, type Manifest, type Scaler } from '@onda/contract';
import { createNodeRuntime } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import { parityTable } from '../export/compare.ts';
import { exportModel, type ExportResult } from '../export/exportModel.ts';
import { readArtifacts } from '../fit/artifacts.ts';
import { isRunFolder, readSummary, runFiles, type RunSummary } from '../fit/runFolder.ts';
import { textTable } from '../textTable.ts';

/** What the manifest says of a run's training. */
export function trainingOf(summary: RunSummary): NonNullable<Manifest['training']> {
  const { config, backend, versions, dataSha256, steps, finalLoss } = summary;
  return { config, seed: config.seed, backend, versions, dataSha256, steps, finalLoss };
}

/** Tells where an export went and how close it is. */
export function describeExport({ modelFolder, version, written, manifest }: ExportResult): string {
  const place = path.join(modelFolder, String(version));
  const head = written
    ? `exported to ${place}`
    : `${place} already holds these bytes; no new version was made`;
  return `${head}\n${textTable(parityTable(manifest.parity))}`;
}

export async function exportCommand(source: string, dest: string, options: { name?: string }): Promise<void> {
  await openBackend();
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  if (isRunFolder(source)) {
    const summary = readSummary(source);
    const result = await exportModel({
      name: options.name ?? summary.config.name,
      artifacts: readArtifacts(path.join(source, runFiles.model)),
      lag: summary.config.lag,
      scaler: summary.scaler,
      training: trainingOf(summary),
      repository: dest,
      runtime,
    });
    process.stderr.write(`${describeExport(result)}\n`);
    return;
  }
  const artifacts = readArtifacts(source);
  if (options.name === undefined) {
    throw new ConfigError(
      `export ${source}: expected --name NAME, since a model.json does not say its name; add it to the call`,
    );
  }
  const features = inputFeatures(artifacts);
  const scaler: Scaler = {
    kind: 'none',
    center: new Array<number>(features).fill(0),
    scale: new Array<number>(features).fill(1),
  };
  const result = await exportModel({
    name: options.name,
    artifacts,
    lag: 1,
    scaler,
    training: null,
    repository: dest,
    runtime,
  });
  process.stderr.write(`${describeExport(result)}\n`);
}

/** Rows of the first weight matrix: the features of the net's input. */
function inputFeatures({ weightSpecs }: { weightSpecs: { shape: number[] }[] }): number {
  return weightSpecs.find(({ shape }) => shape.length === 2)?.shape[0] ?? 1;
}
