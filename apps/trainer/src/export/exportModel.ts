import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  checkModelName,
  manifestFormat,
  manifestIdentity,
  modelFiles,
  ResultError,
  type Manifest,
  type ManifestDescription,
  type NetManifest,
  type ParityRow,
  type Scaler,
} from '@onda/contract';
import { configPbtxt, exportNet, withMetadata } from '@onda/exporter';
import { Net } from '@onda/nets';
import { writeModel, type Model } from '@onda/onnx';
import type { Runtime } from '@onda/runtime';
import { writeFileWhole, writeFolderWhole } from '../files.ts';
import type { LayersModel } from '../fit/artifacts.ts';
import { ondaVersion } from '../versions.ts';
import { parityTable, rowHolds } from './compare.ts';
import { modelVersions, readManifest, versionHolds } from './repository.ts';
import { createTfjsReference } from './tfjsReference.ts';
import { verifyExport } from './verify.ts';
import { textTable } from '../textTable.ts';

export interface ExportRequest {
  name: string;
  artifacts: LayersModel;
  lag: number;
  scaler: Scaler;
  training: Manifest['training'];
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  runtime: Runtime;
}

export interface ExportResult {
  /** The model's folder in the repository. */
  modelFolder: string;
  version: number;
  /** False when the newest version already held these bytes. */
  written: boolean;
  manifest: Manifest;
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/**
 * Exports a net into a model repository: writes the ONNX files in memory, compares them with TensorFlow.js, and only then puts a new
 * version in place, whole.
 *
 * @throws ResultError when a comparison does not hold; nothing is written then
 */
export async function exportModel(request: ExportRequest): Promise<ExportResult> {
  const { name, repository } = request;
  checkModelName(name);
  const exported = exportNet(request.artifacts, {
    lag: request.lag,
    scaler: request.scaler,
    producerVersion: ondaVersion,
  });
  const describe = (version: number): Omit<NetManifest, 'files' | 'parity' | 'created'> => ({
    format: manifestFormat,
    name,
    version,
    net: exported.spec,
    tensors: exported.tensors,
    state: exported.state,
    lag: request.lag,
    scaler: request.scaler,
    sampling: null,
    training: request.training,
  });

  const modelFolder = path.join(repository, name);
  const newest = modelVersions(modelFolder).at(-1) ?? 0;
  if (newest > 0) {
    const folder = path.join(modelFolder, String(newest));
    if (versionHolds(folder, encode(exported.model, exported.generator, describe(newest)))) {
      return { modelFolder, version: newest, written: false, manifest: readManifest(folder) };
    }
  }

  const version = newest + 1;
  const files = encode(exported.model, exported.generator, describe(version));
  const draft: NetManifest = {
    ...describe(version),
    files: Object.fromEntries(
      Object.entries(files).map(([file, bytes]) => [file, { sha256: sha256(bytes), bytes: bytes.length }]),
    ),
    parity: [],
    created: new Date().toISOString(),
  };
  const manifest = { ...draft, parity: await checkParity(request, draft, files) };

  writeFolderWhole(path.join(modelFolder, String(version)), {
    ...files,
    [modelFiles.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
  });
  const { features, outputs } = exported.spec;
  writeFileWhole(
    path.join(modelFolder, modelFiles.config),
    configPbtxt({ name, features, outputs, stateSize: exported.state.size }),
  );
  return { modelFolder, version, written: true, manifest };
}

/** The ONNX files' bytes by name, with the metadata that ties them to their manifest. */
function encode(
  model: Model,
  generator: Model | null,
  description: ManifestDescription,
): Record<string, Uint8Array> {
  const metadata = {
    'onda.name': description.name,
    'onda.version': String(description.version),
    'onda.manifest_sha256': sha256(manifestIdentity(description)),
  };
  return {
    [modelFiles.sequence]: writeModel(withMetadata(model, metadata)),
    ...(generator && { [modelFiles.generator]: writeModel(withMetadata(generator, metadata)) }),
  };
}

async function checkParity(
  { artifacts, name, runtime, scaler }: ExportRequest,
  draft: NetManifest,
  files: Record<string, Uint8Array>,
): Promise<ParityRow[]> {
  const net = Net.fromArtifacts(artifacts);
  try {
    const reference = createTfjsReference(net, scaler);
    const generator = files[modelFiles.generator] ?? null;
    const rows = await verifyExport(runtime, reference, draft, files[modelFiles.sequence], generator);
    const bad = rows.filter((row) => !rowHolds(row));
    if (bad.length > 0) {
      throw new ResultError(
        `export of "${name}": expected ONNX Runtime to give TensorFlow.js's values within the bound, got\n${textTable(parityTable(bad))}\nnothing was written and the old version stays; please report it with the model`,
      );
    }
    return rows;
  } finally {
    net.dispose();
  }
}
