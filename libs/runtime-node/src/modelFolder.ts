import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Manifest } from '@onda/contract';
import { ModelError, modelFiles, parseManifest } from '@onda/contract';

/** A version of a model on disk, checked against its manifest. */
export interface ModelFolder {
  name: string;
  version: number;
  manifest: Manifest;
  /** All files of the manifest, and the manifest itself, by file name. */
  files: ReadonlyMap<string, ModelFile>;
}

/** The files of a version; a model not exported by Onda has no manifest. */
export type VersionFolder = Pick<ModelFolder, 'files'> & { manifest: Manifest | null };

/**
 * Reads a model folder of a Triton model repository into memory: `<folder>/config.pbtxt`, `<folder>/<version>/onda.json` and the files of
 * the manifest.
 *
 * @param folder  `<repository>/<name>`
 * @param version default: the newest
 * @throws ModelError naming the file, what was expected and what came
 */
export async function readModelFolder(folder: string, version?: number): Promise<ModelFolder> {
  const name = basename(resolve(folder));
  await readPlainFile(folder, modelFiles.config, dirname(resolve(folder)));
  const chosen = version ?? Math.max(...(await versionsOf(folder)));
  const versionFolder = join(folder, String(chosen));
  const read = await readChecked(versionFolder, name, chosen);
  return { name, version: chosen, ...read };
}

/**
 * Reads a version of a model, with its manifest if it has one, else with the generator beside it.
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
  const root = dirname(resolve(folder));
  const files = new Map([[file, await readPlainFile(versionFolder, file, root)]]);
  const { generator } = modelFiles;
  if (!files.has(generator) && (await exists(join(versionFolder, generator)))) {
    files.set(generator, await readPlainFile(versionFolder, generator, root));
  }
  return { manifest: null, files };
}

/**
 * The versions of a model, newest first: its folders with a number from 1 as name.
 *
 * @throws ModelError if there is none
 */
export async function versionsOf(folder: string): Promise<number[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ModelError(
      isForbidden(cause)
        ? `${folder}: expected a readable folder, got permission denied; grant this user read permission`
        : `${folder}: expected a model folder, found none; export the model there`,
      { cause },
    );
  });
  const versions: number[] = [];
  for (const entry of entries) {
    if (!/^[1-9][0-9]{0,14}$/.test(entry.name)) continue;
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderLink(join(folder, entry.name))))) {
      versions.push(Number(entry.name));
    }
  }
  if (versions.length === 0) {
    throw new ModelError(
      `${folder}: expected a version folder such as ${join(folder, '1')}, found none; export the model into it`,
    );
  }
  return versions.sort((left, right) => right - left);
}

/** Whether a link leads to a folder. A broken link counts too, so that reading it reports the problem. */
export async function isFolderLink(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => true,
  );
}

async function readChecked(
  versionFolder: string,
  name: string,
  version: number,
): Promise<Pick<ModelFolder, 'manifest' | 'files'>> {
  const root = dirname(dirname(resolve(versionFolder)));
  const file = await readPlainFile(versionFolder, modelFiles.manifest, root);
  const path = join(versionFolder, modelFiles.manifest);
  const manifest = parseManifest(parseJson(file.bytes, path), path);
  checkIdentity(manifest, name, version, versionFolder);
  const files = new Map<string, ModelFile>([[modelFiles.manifest, file]]);
  for (const needed of filesOf(manifest, versionFolder)) {
    files.set(needed, await readHashed(versionFolder, needed, root, manifest));
  }
  return { manifest, files };
}

/** The ONNX files of a version according to its manifest. */
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
    `${join(versionFolder, modelFiles.manifest)}: expected model ${name} version ${version} like the folders, got ${manifest.name} version ${manifest.version}; restore the folder name or export the model again`,
  );
}

async function readHashed(
  folder: string,
  file: string,
  root: string,
  manifest: Manifest,
): Promise<ModelFile> {
  const read = await readPlainFile(folder, file, root);
  const expected = manifest.files[file];
  if (read.sha256 !== expected.sha256) {
    throw new ModelError(
      `${join(folder, file)}: expected SHA-256 ${short(expected.sha256)} (${expected.bytes} bytes) according to the manifest, got ${short(read.sha256)} (${read.bytes.byteLength} bytes); the file is damaged or changed, export or copy it again`,
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

/** Maximum size of a served file, 1 GiB. */
const MAX_FILE_BYTES = 1_073_741_824;

/** A file in memory. */
export interface ModelFile {
  bytes: Uint8Array;
  /** Hexadecimal. */
  sha256: string;
}

/**
 * Reads a regular file of a repository. Links, as in a mounted Kubernetes ConfigMap, are followed inside the repository.
 *
 * @param root the repository; a link must not lead out of it
 * @throws ModelError naming the file, what was expected and what came
 */
export async function readPlainFile(folder: string, file: string, root: string): Promise<ModelFile> {
  const path = join(folder, file);
  const unreadable = (cause: unknown): never => {
    throw new ModelError(
      isForbidden(cause)
        ? `${path}: expected a readable file, got permission denied; grant this user read permission`
        : `${path}: expected a file, found none; pass the folder of an exported model`,
      { cause },
    );
  };
  const [real, realRoot] = await Promise.all([realpath(path), realpath(root)]).catch(unreadable);
  const fromRoot = relative(realRoot, real);
  if (fromRoot.startsWith(`..${sep}`) || isAbsolute(fromRoot)) {
    throw new ModelError(
      `${path}: expected a file inside ${root}, found a link that leads out of it; copy the file there`,
    );
  }
  const info = await stat(real).catch(unreadable);
  if (!info.isFile()) {
    throw new ModelError(`${path}: expected a regular file, found a folder or a device; copy the file there`);
  }
  if (info.size > MAX_FILE_BYTES) {
    throw new ModelError(
      `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${info.size}; serve a smaller model`,
    );
  }
  const bytes = await readFile(real).catch((cause: unknown) => {
    throw new ModelError(
      `${path}: expected a readable file, got permission denied; grant this user read permission`,
      { cause },
    );
  });
  return { bytes, sha256: await sha256Of(bytes) };
}

/** Bytes that are hashed at once: a few milliseconds. */
const HASH_BYTES = 4 * 1024 * 1024;

/** The hash in turns of the event loop, so that a large file does not delay requests. */
async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += HASH_BYTES) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + HASH_BYTES));
  }
  return hash.digest('hex');
}

/** Whether an error is a denied permission. */
export function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}
