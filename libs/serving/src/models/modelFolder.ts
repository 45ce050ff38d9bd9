import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { checkModelName, modelFiles, ModelError } from '@onda/contract';
import { readPlainFile, readVersionFolder, versionsOf } from '@onda/runtime-node';
import type { VersionFolder } from '@onda/runtime-node';
import { readDataFiles } from './config/dataFiles.ts';
import type { DataFiles } from './config/dataFiles.ts';
import { checkUnusedFields } from './config/unusedFields.ts';
import { parseConfig } from './config/parseConfig.ts';
import type { TritonConfig } from './config/tritonConfig.ts';
import { chosenVersions } from './versionPolicy.ts';

/** What a model's folder says before any of its versions is read. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Null for a model without config.pbtxt. */
  readonly config: TritonConfig | null;
  /** SHA-256 of config.pbtxt and of each file that it names; none without one. */
  readonly hashes: readonly string[];
  /** The files that it names. */
  readonly data: DataFiles;
  /** Those that its version policy wants served, the newest first. */
  readonly versions: readonly number[];
  /** Sentences on what the service leaves unused. */
  readonly warnings: readonly string[];
}

/** One version with its files in memory. */
export interface ReadVersion extends VersionFolder {
  readonly folder: ModelFolder;
  readonly version: number;
  /** The ONNX file to run. */
  readonly file: string;
  /** The same for the same bytes: a version whose key has not changed is not loaded again. */
  readonly key: string;
}

/**
 * Reads config.pbtxt and the list of versions.
 *
 * @param path `<repository>/<name>`
 * @throws ModelError, ConfigError naming what is wrong with it
 */
export async function readFolder(name: string, path: string): Promise<ModelFolder> {
  checkModelName(name, path);
  const configPath = join(path, modelFiles.config);
  const file = (await exists(configPath)) ? await readPlainFile(path, modelFiles.config) : null;
  const config = file && parseConfig(file.bytes, configPath);
  if (config?.name !== undefined && config.name !== name) {
    throw new ModelError(
      `${configPath}: expected name "${name}" as the folder has it, got "${config.name}"; correct it or leave it out`,
    );
  }
  const data: DataFiles = config ? await readDataFiles(config, path, configPath) : new Map();
  return {
    name,
    path,
    config,
    hashes: file ? [file.sha256, ...[...data.values()].map(({ sha256 }) => sha256)] : [],
    data,
    versions: chosenVersions(await versionsOf(path), config?.version_policy, configPath),
    warnings: config ? checkUnusedFields(config, configPath) : [],
  };
}

/** @throws ModelError naming the file, what was expected and what came */
export async function readVersion(folder: ModelFolder, version: number): Promise<ReadVersion> {
  const file = folder.config?.default_model_filename ?? modelFiles.sequence;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file)) {
    throw new ModelError(
      `${join(folder.path, modelFiles.config)}: default_model_filename: expected the name of a file in the version folder, got ${JSON.stringify(file)}; correct it`,
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
