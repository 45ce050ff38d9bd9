import { checkModelName, modelFiles, ModelError, OndaError, requireNetManifest } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { modelConfig, modelMetadata } from '@onda/protocol';
import { checkSession, floatTensor, SequenceModel } from '@onda/runtime';
import type { Runtime, Session } from '@onda/runtime';
import { readModelFolder } from '@onda/runtime-node';
import type { ModelFile } from '@onda/runtime-node';
import { Batcher } from './batching/batcher.ts';
import type { BatchOptions } from './batching/batcher.ts';
import { limits } from './limits.ts';
import { ModelStats } from './modelStats.ts';
import { SequenceSteps } from './sequences/sequenceSteps.ts';
import { SequenceStore } from './sequences/sequenceStore.ts';
import type { SequenceLimits } from './sequences/sequenceStore.ts';

/** What a service sets for each of its models. */
export interface ModelOptions {
  batching: BatchOptions;
  sequences: SequenceLimits;
}

/** A model that answers. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly manifest: NetManifest;
  readonly session: Session;
  /** Runs infer requests, several at a time. */
  readonly batcher: Batcher;
  readonly stats: ModelStats;
  /** Runs infer requests that leave their state here. */
  readonly steps: SequenceSteps;
  readonly sequences: SequenceStore;
  /** Null for a model that cannot feed its outputs back. */
  readonly generator: Session | null;
  /** The files that a browser may load, by name. */
  readonly files: ReadonlyMap<string, ModelFile>;
  /** JSON of the metadata and configuration answers, which never change. */
  readonly metadata: string;
  readonly config: string;
}

/**
 * Reads a model folder, loads its files and runs one sample, so that a model which is listed as ready does run.
 *
 * @param folder `<repository>/<name>`
 * @throws ModelError naming what is wrong with it
 */
export async function loadServedModel(
  name: string,
  folder: string,
  runtime: Runtime,
  options: ModelOptions,
): Promise<ServedModel> {
  checkModelName(name, folder);
  const { manifest: read, version, files } = await readModelFolder(folder);
  const manifest = requireNetManifest(read, folder);
  const session = await loadFile(folder, files, modelFiles.sequence, runtime);
  const model = new SequenceModel(session, manifest);
  let generator: Session | null = null;
  if (manifest.tensors.generator) {
    generator = await loadFile(folder, files, modelFiles.generator, runtime);
    checkSession(generator, manifest.tensors.generator, modelFiles.generator);
  }
  const { features } = manifest.net;
  await model.step(floatTensor([1, 1, features], new Float32Array(features)));
  const stats = new ModelStats();
  const batcher = new Batcher(session, options.batching, stats);
  const sequences = new SequenceStore(options.sequences);
  return {
    name,
    version: String(version),
    manifest,
    session,
    batcher,
    stats,
    sequences,
    steps: new SequenceSteps(batcher, sequences, {
      stateSize: manifest.state.size,
      outputs: manifest.tensors.model.outputs.map((output) => output.name),
      maxWaiting: options.batching.maxWaiting,
    }),
    generator,
    files,
    metadata: JSON.stringify(modelMetadata(name, version, manifest.tensors.model)),
    config: JSON.stringify(modelConfig(name, manifest.tensors.model, limits.batch)),
  };
}

async function loadFile(
  folder: string,
  files: ReadonlyMap<string, ModelFile>,
  file: string,
  runtime: Runtime,
): Promise<Session> {
  const bytes = files.get(file)?.bytes;
  if (!bytes) throw new ModelError(`${folder}: expected ${file}, found none; export the model again`);
  try {
    return await runtime.createSession(bytes);
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(`${folder}: ${file}: ${cause.message}`, { cause });
  }
}

/** The sentence of a failure; what Onda does not understand is a defect and keeps its stack. */
export function failureText(error: unknown): string {
  if (error instanceof OndaError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
