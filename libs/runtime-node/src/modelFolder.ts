import { lstat, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { modelFiles, ModelError, parseManifest } from '@onda/contract';
import type { Manifest } from '@onda/contract';
import { isForbidden, readPlainFile } from './plainFile.ts';
import type { ModelFile } from './plainFile.ts';

/** One version of a model as it lies on disk, its bytes checked against the manifest. */
export interface ModelFolder {
  name: string;
  version: number;
  manifest: Manifest;
  /** Every file that the manifest lists, and the manifest itself, by file name. */
  files: ReadonlyMap<string, ModelFile>;
}

/** The files of one version; a model that Onda did not export has no manifest. */
export type VersionFolder = Pick<ModelFolder, 'files'> & { manifest: Manifest | null };

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
  await readPlainFile(folder, modelFiles.config);
  const chosen = version ?? Math.max(...(await versionsOf(folder)));
  const versionFolder = join(folder, String(chosen));
  const read = await readChecked(versionFolder, name, chosen);
  return { name, version: chosen, ...read };
}

/**
 * Reads one version of a model, with its manifest where it has one, and the generator that lies beside a model without.
 *
 * @param folder `<repository>/<name>`
 * @param file   the ONNX file of a model without a manifest
 * @throws ModelError naming the file, what was expected and what came
 */
export async function readVersionFolder(
  folder: string,
  version: number,
  file: string = modelFiles.sequence,
): Promise<VersionFolder> {
  const versionFolder = join(folder, String(version));
  if (await exists(join(versionFolder, modelFiles.manifest))) {
    return readChecked(versionFolder, basename(resolve(folder)), version);
  }
  const files = new Map([[file, await readPlainFile(versionFolder, file)]]);
  const { generator } = modelFiles;
  if (!files.has(generator) && (await exists(join(versionFolder, generator)))) {
    files.set(generator, await readPlainFile(versionFolder, generator));
  }
  return { manifest: null, files };
}

/**
 * The versions of a model: its folders that are named by a number from 1, the newest first.
 *
 * @throws ModelError if there is none
 */
export async function versionsOf(folder: string): Promise<number[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ModelError(
      isForbidden(cause)
        ? `${folder}: the folder cannot be read; give this user the right to read it`
        : `${folder}: expected a model's folder, found none; export the model there`,
      { cause },
    );
  });
  const versions = entries
    .filter((entry) => entry.isDirectory() && /^[1-9][0-9]{0,14}$/.test(entry.name))
    .map((entry) => Number(entry.name));
  if (versions.length === 0) {
    throw new ModelError(
      `${folder}: expected a version folder such as ${join(folder, '1')}, found none; export the model into it`,
    );
  }
  return versions.sort((left, right) => right - left);
}

async function readChecked(
  versionFolder: string,
  name: string,
  version: number,
): Promise<Pick<ModelFolder, 'manifest' | 'files'>> {
  const file = await readPlainFile(versionFolder, modelFiles.manifest);
  const path = join(versionFolder, modelFiles.manifest);
  const manifest = parseManifest(parseJson(file.bytes, path), path);
  checkIdentity(manifest, name, version, versionFolder);
  const files = new Map<string, ModelFile>([[modelFiles.manifest, file]]);
  for (const needed of filesOf(manifest, versionFolder)) {
    files.set(needed, await readHashed(versionFolder, needed, manifest));
  }
  return { manifest, files };
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

async function readHashed(folder: string, file: string, manifest: Manifest): Promise<ModelFile> {
  const read = await readPlainFile(folder, file);
  const expected = manifest.files[file];
  if (read.sha256 !== expected.sha256) {
    throw new ModelError(
      `${join(folder, file)}: expected SHA-256 ${short(expected.sha256)} (${expected.bytes} bytes) as the manifest says, got ${short(read.sha256)} (${read.bytes.byteLength} bytes); the file is damaged or changed, export or copy it again`,
    );
  }
  return read;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ModelError(`${path}: expected JSON, got something else; export the model again`, { cause });
  }
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}
