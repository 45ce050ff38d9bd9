import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { modelFiles, ModelError, parseManifest } from '@onda/contract';
import type { Manifest } from '@onda/contract';

/** One version of a model as it lies on disk, its bytes checked against the manifest. */
export interface ModelFolder {
  name: string;
  version: number;
  manifest: Manifest;
  /** Every file that the manifest lists, and the manifest itself, by file name. */
  files: ReadonlyMap<string, ModelFile>;
}

export interface ModelFile {
  bytes: Uint8Array;
  /** Hexadecimal. */
  sha256: string;
}

/** Larger than any recurrent net that fits a service's memory. */
const MAX_FILE_BYTES = 1_073_741_824;

/**
 * Reads a model folder of a Triton model repository: `<folder>/config.pbtxt`, `<folder>/<version>/onda.json` and the files
 * that the manifest lists, all into memory.
 *
 * @param folder  `<repository>/<name>`
 * @param version the newest when left out: the largest number among the folders
 * @throws ModelError naming the file, what was expected and what came
 */
export async function readModelFolder(folder: string, version?: number): Promise<ModelFolder> {
  const name = basename(resolve(folder));
  await readRegular(folder, modelFiles.config);
  const chosen = version ?? (await newestVersion(folder));
  const versionFolder = join(folder, String(chosen));
  const manifestBytes = await readRegular(versionFolder, modelFiles.manifest);
  const manifest = parseManifest(
    parseJson(manifestBytes, join(versionFolder, modelFiles.manifest)),
    join(versionFolder, modelFiles.manifest),
  );
  checkIdentity(manifest, name, chosen, versionFolder);
  const files = new Map<string, ModelFile>();
  files.set(modelFiles.manifest, { bytes: manifestBytes, sha256: sha256(manifestBytes) });
  for (const file of filesOf(manifest, versionFolder)) {
    files.set(file, await readChecked(versionFolder, file, manifest));
  }
  return { name, version: chosen, manifest, files };
}

async function newestVersion(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const versions = entries
    .filter((entry) => entry.isDirectory() && /^[1-9][0-9]*$/.test(entry.name))
    .map((entry) => Number(entry.name));
  if (versions.length === 0) {
    throw new ModelError(
      `${folder}: expected a version folder such as ${join(folder, '1')}, found none; export the model into it`,
    );
  }
  return Math.max(...versions);
}

/** The ONNX files that this version must have: the manifest says whether there is a generator. */
function filesOf(manifest: Manifest, versionFolder: string): string[] {
  const needed: string[] = [modelFiles.sequence];
  if (manifest.tensors.generator !== null) needed.push(modelFiles.generator);
  for (const file of needed) {
    if (!Object.hasOwn(manifest.files, file)) {
      throw new ModelError(
        `${join(versionFolder, modelFiles.manifest)}: expected a hash for ${file} in "files", found none; export the model again`,
      );
    }
  }
  return needed;
}

function checkIdentity(manifest: Manifest, name: string, version: number, versionFolder: string): void {
  if (manifest.name === name && manifest.version === version) return;
  throw new ModelError(
    `${join(versionFolder, modelFiles.manifest)}: expected model ${name} version ${version} as the folders say, got ${manifest.name} version ${manifest.version}; put the folder back in its place or export the model again`,
  );
}

async function readChecked(folder: string, file: string, manifest: Manifest): Promise<ModelFile> {
  const bytes = await readRegular(folder, file);
  const expected = manifest.files[file];
  const actual = sha256(bytes);
  if (actual !== expected.sha256) {
    throw new ModelError(
      `${join(folder, file)}: expected SHA-256 ${short(expected.sha256)} (${expected.bytes} bytes) as the manifest says, got ${short(actual)} (${bytes.byteLength} bytes); the file is damaged or changed, export or copy it again`,
    );
  }
  return { bytes, sha256: actual };
}

/** Reads a plain file: no link, so that a repository cannot point outside itself. */
async function readRegular(folder: string, file: string): Promise<Uint8Array> {
  const path = join(folder, file);
  const stat = await lstat(path).catch((cause: unknown) => {
    throw new ModelError(`${path}: expected a file, found none; give the folder of an exported model`, {
      cause,
    });
  });
  if (!stat.isFile()) {
    throw new ModelError(
      `${path}: expected a plain file, found a folder or a link; copy the file itself there`,
    );
  }
  if (stat.size > MAX_FILE_BYTES) {
    throw new ModelError(
      `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${stat.size}; it is no model that can be served`,
    );
  }
  return readFile(path).catch((cause: unknown) => {
    throw new ModelError(`${path}: the file cannot be read; give this user the right to read it`, { cause });
  });
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ModelError(`${path}: expected JSON, got something else; export the model again`, { cause });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}
