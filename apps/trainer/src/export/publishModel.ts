import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Manifest, ManifestDescription, ParityRow } from '@onda/contract';
import {
  checkModelName,
  ConfigError,
  manifestIdentity,
  modelFiles,
  parseManifest,
  ResultError,
} from '@onda/contract';
import { configPbtxt, withMetadata } from '@onda/exporter';
import type { Model } from '@onda/onnx';
import { writeModel, writeSplitModel } from '@onda/onnx';
import type { Pieces } from '../files.ts';
import { holdsPieces, sha256Of, sizeOf, writeFileAtomic, writeFolderAtomic } from '../files.ts';
import { textTable } from '../terminal.ts';
import { parityTable, rowHolds } from './compare.ts';

/** A model to publish in a model repository. */
interface Publication {
  name: string;
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  model: Model;
  generator: Model | null;
  /** Write large weights to a separate file per model; required above 2 GB. */
  externalData: boolean;
  /** The part of the manifest that does not depend on the version. */
  description: Omit<ManifestDescription, 'name' | 'version'>;
  /** Warnings of the export, printed if values differ. */
  warnings?: readonly string[];
  /** Compares the files with TensorFlow.js, for the manifest; null: no comparison. */
  check: ((manifest: Manifest, files: ModelBytes) => Promise<ParityRow[]>) | null;
}

/** Bytes of the ONNX files by name. */
export type ModelBytes = Readonly<Record<string, Uint8Array>>;

export interface ExportResult {
  /** The model's folder in the repository. */
  modelFolder: string;
  version: number;
  /** False if the newest version already has these bytes. */
  written: boolean;
  manifest: Manifest;
}

/** Warnings about speed or size of the model, one sentence each. */
export interface WarnedResult extends ExportResult {
  warnings: readonly string[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Publishes a model in a model repository: encodes the ONNX files in memory, compares them with TensorFlow.js, then writes a new
 * version atomically. Bytes equal to the newest version make no new version.
 *
 * @throws ResultError if a difference is above its bound; nothing is written then
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
  rejectDifferences(manifest, publication.warnings ?? []);

  writeFolderAtomic(path.join(modelFolder, String(version)), {
    ...files,
    [modelFiles.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
  });
  writeFileAtomic(
    path.join(modelFolder, modelFiles.config),
    configPbtxt({ name, tensors: description.tensors.model, state: description.state }),
  );
  return { modelFolder, version, written: true, manifest };
}

/** The files of a version, with metadata that identifies their manifest. */
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

/** The files for loading from memory, where a runtime cannot find external data. */
function loadable(publication: Publication, files: Readonly<Record<string, Pieces>>): ModelBytes {
  const whole = publication.externalData ? encode({ ...publication, externalData: false }, 0) : files;
  // A model without external data is one piece.
  return Object.fromEntries(Object.entries(whole).map(([name, [bytes]]) => [name, bytes]));
}

function rejectDifferences({ name, parity }: Manifest, warnings: readonly string[]): void {
  const bad = parity.filter((row) => !rowHolds(row));
  if (bad.length === 0) return;
  const remedy =
    warnings.length === 0
      ? 'please report it with the model'
      : `if one of these warnings is the reason, export with --no-verify; else please report it with the model:\n${warnings.join('\n')}`;
  throw new ResultError(
    `export of "${name}": expected ONNX Runtime to equal TensorFlow.js within the bounds, got\n${textTable(parityTable(bad))}\nnothing was written; ${remedy}`,
  );
}

/** Protobuf's limit is 2 GB; this leaves room for nodes and names. */
const mostInside = 2_000_000_000;

/**
 * Encodes models, with `externalData` each with a file `<name>.data`.
 *
 * @throws ConfigError for weights above protobuf's 2 GB without external data
 */
function encodeModels(
  models: Readonly<Record<string, Model>>,
  externalData: boolean,
): Record<string, Pieces> {
  const files: Record<string, Pieces> = {};
  for (const [name, model] of Object.entries(models)) {
    if (externalData) {
      const dataFile = `${name}.data`;
      const { file, data } = writeSplitModel(model, dataFile);
      files[name] = [file];
      files[dataFile] = data;
      continue;
    }
    const size = model.graph.initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (size > mostInside) {
      throw new ConfigError(
        `${name}: expected weights of at most ${mostInside} bytes inside an ONNX file, got ${size}; add --external-data and --no-verify, because a file of this size cannot be loaded from memory`,
      );
    }
    files[name] = [writeModel(model)];
  }
  return files;
}

/** The version numbers of a model, ascending; empty if it does not exist. */
function modelVersions(modelFolder: string): number[] {
  if (!existsSync(modelFolder)) return [];
  return readdirSync(modelFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[1-9][0-9]*$/.test(entry.name))
    .map((entry) => Number(entry.name))
    .sort((a, b) => a - b);
}

/** Whether a version folder has exactly these files. */
function versionHolds(folder: string, files: Readonly<Record<string, Pieces>>): boolean {
  return Object.entries(files).every(([name, pieces]) => {
    const file = path.join(folder, name);
    return existsSync(file) && holdsPieces(file, pieces);
  });
}

function readManifest(folder: string): Manifest {
  const file = path.join(folder, modelFiles.manifest);
  return parseManifest(JSON.parse(readFileSync(file, 'utf8')), file);
}

/** Describes an export: its folder and the comparison. */
export function describeExport({ modelFolder, version, written, manifest }: ExportResult): string {
  const place = path.join(modelFolder, String(version));
  const head = written
    ? `exported to ${place}`
    : `${place} already has these bytes; no new version was created`;
  const compared =
    manifest.parity.length > 0
      ? textTable(parityTable(manifest.parity))
      : 'not compared with TensorFlow.js (--no-verify)';
  return `${head}\n${compared}`;
}
