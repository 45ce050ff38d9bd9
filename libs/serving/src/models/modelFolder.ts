import { createHash } from 'node:crypto';
import { access, lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkModelName, ConfigError, ModelError, modelFiles, quoted } from '@onda/contract';
import { isFolderLink, isForbidden, readPlainFile, readVersionFolder, versionsOf } from '@onda/runtime-node';
import type { VersionFolder } from '@onda/runtime-node';
import { chosenVersions } from './configOptions.ts';
import { parseConfig, readDataFiles } from './tritonConfig.ts';
import type { DataFiles, TritonConfig } from './tritonConfig.ts';
import { checkUnusedFields } from './unusedFields.ts';

/** A model's folder, before any of its versions is read. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Null for a model without config.pbtxt. */
  readonly config: TritonConfig | null;
  /** SHA-256 of config.pbtxt and of each file that it names; empty without one. */
  readonly hashes: readonly string[];
  /** The files that config.pbtxt names. */
  readonly data: DataFiles;
  /** Versions that the version policy selects, the newest first. */
  readonly versions: readonly number[];
  /** Warnings about fields that the service does not use. */
  readonly warnings: readonly string[];
}

/** One version with its files in memory. */
export interface ReadVersion extends VersionFolder {
  readonly folder: ModelFolder;
  readonly version: number;
  /** The ONNX file to run. */
  readonly file: string;
  /** Hash of all its bytes: a version whose key has not changed is not loaded again. */
  readonly key: string;
}

/**
 * Reads config.pbtxt and the list of versions.
 *
 * @param path `<repository>/<name>`
 * @throws ModelError, ConfigError
 */
export async function readFolder(name: string, path: string): Promise<ModelFolder> {
  checkModelName(name, path);
  const configFile = join(path, modelFiles.config);
  const file = (await exists(configFile)) ? await readPlainFile(path, modelFiles.config, dirname(path)) : null;
  const config = file && parseConfig(file.bytes, configFile);
  if (config?.name !== undefined && config.name !== name) {
    throw new ModelError(
      `${configFile}: expected name "${name}" as the folder has it, got ${quoted(config.name)}; correct it or leave it out`,
    );
  }
  const data: DataFiles = config ? await readDataFiles(config, path, configFile) : new Map();
  return {
    name,
    path,
    config,
    hashes: file ? [file.sha256, ...[...data.values()].map(({ sha256 }) => sha256)] : [],
    data,
    versions: chosenVersions(await versionsOf(path), config?.version_policy, configFile),
    warnings: config ? checkUnusedFields(config, configFile) : [],
  };
}

/** @throws ModelError */
export async function readVersion(folder: ModelFolder, version: number): Promise<ReadVersion> {
  const file = folder.config?.default_model_filename ?? modelFiles.sequence;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file)) {
    throw new ModelError(
      `${join(folder.path, modelFiles.config)}: default_model_filename: expected the name of a file in the version folder, got ${quoted(file)}; correct it`,
    );
  }
  const read = await readVersionFolder(folder.path, version, file);
  const hash = createHash('sha256').update(folder.hashes.join());
  for (const [name, { sha256 }] of read.files) hash.update(`\0${name}\0${sha256}`);
  return {
    ...read,
    folder,
    version,
    file: read.manifest ? modelFiles.sequence : file,
    key: hash.digest('hex'),
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Maximum depth of a model's files, `<name>/<version>/file`, with room for others. */
const MAX_DEPTH = 4;
/** Maximum entries of a model's folder. */
const MAX_ENTRIES = 10_000;

/**
 * A fingerprint of the names, sizes and times of all files below a folder, to detect changes without reading files.
 *
 * @param folder of one model
 */
export async function folderPrint(folder: string): Promise<string> {
  const lines: string[] = [];
  await list(folder, '', MAX_DEPTH, lines);
  return lines.sort().join('\n');
}

async function list(folder: string, prefix: string, depth: number, lines: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    // The folder was deleted; the next call reports it.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new ModelError(`${folder}: the folder cannot be read; grant this user read permission`, {
      cause,
    });
  });
  for (const entry of entries) {
    if (lines.length >= MAX_ENTRIES) return;
    const path = join(folder, entry.name);
    // The entry was deleted; the next call reports it.
    const found = await stat(path, { bigint: true }).catch(() =>
      lstat(path, { bigint: true }).catch(() => undefined),
    );
    if (found === undefined) continue;
    const name = `${prefix}${entry.name}`;
    lines.push(`${name} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`);
    if (found.isDirectory() && depth > 1) await list(path, `${name}/`, depth - 1, lines);
  }
}

/**
 * The model folders of a repository, which may be links; hidden folders and files are not models.
 *
 * @throws ConfigError if the folder does not exist or cannot be read
 */
export async function modelNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ConfigError(
      isForbidden(cause)
        ? `models folder ${folder}: it cannot be read; grant this user read permission`
        : `models folder ${folder}: expected a folder with models, found none; pass the folder that \`npm run fit\` or \`npm run export\` wrote to`,
      { cause },
    );
  });
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderLink(join(folder, entry.name))))) {
      names.push(entry.name);
    }
  }
  return names.sort();
}
