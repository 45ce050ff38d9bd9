import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  checkModelName,
  manifestIdentity,
  modelFiles,
  ResultError,
  type Manifest,
  type ManifestDescription,
  type ParityRow,
} from '@onda/contract';
import { configPbtxt, withMetadata } from '@onda/exporter';
import type { Model } from '@onda/onnx';
import type { Pieces } from '../pieces.ts';
import { sha256Of, sizeOf } from '../pieces.ts';
import { writeFileWhole, writeFolderWhole } from '../files.ts';
import { textTable } from '../textTable.ts';
import { parityTable, rowHolds } from './compare.ts';
import { encodeModels } from './encodeModels.ts';
import { modelVersions, readManifest, versionHolds } from './repository.ts';

/** A model on its way into a model repository. */
export interface Publication {
  name: string;
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  model: Model;
  generator: Model | null;
  /** Keep large weights in a file beside each model; needed beyond 2 GB. */
  externalData: boolean;
  /** What the manifest says of the model, whatever its version. */
  description: Omit<ManifestDescription, 'name' | 'version'>;
  /** What the export says of the model's values, for a person who reads that they differ. */
  warnings?: readonly string[];
  /** Compares the files with TensorFlow.js; what it gives stands in the manifest. Null: nothing is compared. */
  check: ((manifest: Manifest, files: ModelBytes) => Promise<ParityRow[]>) | null;
}

/** The ONNX files' bytes by name. */
export type ModelBytes = Readonly<Record<string, Uint8Array>>;

export interface ExportResult {
  /** The model's folder in the repository. */
  modelFolder: string;
  version: number;
  /** False when the newest version already held these bytes. */
  written: boolean;
  manifest: Manifest;
}

/** And what of the model runs slower or is larger than it could, a sentence each. */
export interface WarnedResult extends ExportResult {
  warnings: readonly string[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Puts a model into a model repository: writes the ONNX files in memory, compares them with TensorFlow.js, and only then puts a new
 * version in place, whole. Bytes that the newest version already holds make no new one.
 *
 * @throws ResultError when a comparison does not hold; nothing is written then
 */
export async function publishModel(publication: Publication): Promise<ExportResult> {
  const { name, repository, description } = publication;
  checkModelName(name);
  const modelFolder = path.join(repository, name);
  const newest = modelVersions(modelFolder).at(-1) ?? 0;
  if (newest > 0) {
    const folder = path.join(modelFolder, String(newest));
    if (versionHolds(folder, encode(publication, newest))) {
      return { modelFolder, version: newest, written: false, manifest: readManifest(folder) };
    }
  }

  const version = newest + 1;
  const files = encode(publication, version);
  const draft: Manifest = {
    ...description,
    name,
    version,
    files: Object.fromEntries(
      Object.entries(files).map(([file, pieces]) => [
        file,
        { sha256: sha256Of(pieces), bytes: sizeOf(pieces) },
      ]),
    ),
    parity: [],
    created: new Date().toISOString(),
  };
  const manifest = {
    ...draft,
    parity: (await publication.check?.(draft, loadable(publication, files))) ?? [],
  };
  refuseDifferences(manifest, publication.warnings ?? []);

  writeFolderWhole(path.join(modelFolder, String(version)), {
    ...files,
    [modelFiles.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
  });
  writeFileWhole(
    path.join(modelFolder, modelFiles.config),
    configPbtxt({ name, tensors: description.tensors.model, state: description.state }),
  );
  return { modelFolder, version, written: true, manifest };
}

/** The files of a version, with the metadata that ties them to their manifest. */
function encode(publication: Publication, version: number): Record<string, Pieces> {
  const { name, model, generator, description, externalData } = publication;
  const metadata = {
    'onda.name': name,
    'onda.version': String(version),
    'onda.manifest_sha256': sha256(manifestIdentity({ ...description, name, version })),
  };
  const models = {
    [modelFiles.sequence]: withMetadata(model, metadata),
    ...(generator && { [modelFiles.generator]: withMetadata(generator, metadata) }),
  };
  return encodeModels(models, externalData);
}

/** The files as a runtime loads them from memory: data beside a model cannot be found from there. */
function loadable(publication: Publication, files: Readonly<Record<string, Pieces>>): ModelBytes {
  const whole = publication.externalData ? encode({ ...publication, externalData: false }, 0) : files;
  // A model with its data inside is one piece.
  return Object.fromEntries(Object.entries(whole).map(([name, [bytes]]) => [name, bytes]));
}

function refuseDifferences({ name, parity }: Manifest, warnings: readonly string[]): void {
  const bad = parity.filter((row) => !rowHolds(row));
  if (bad.length === 0) return;
  const remedy =
    warnings.length === 0
      ? 'please report it with the model'
      : `where none of these is the reason, please report it with the model; else export with --no-verify:\n${warnings.join('\n')}`;
  throw new ResultError(
    `export of "${name}": expected ONNX Runtime to give TensorFlow.js's values within the bound, got\n${textTable(parityTable(bad))}\nnothing was written and the old version stays; ${remedy}`,
  );
}
