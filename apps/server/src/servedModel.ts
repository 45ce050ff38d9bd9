import { checkModelName, isNetManifest, modelFiles, ModelError, OndaError } from '@onda/contract';
import type { Manifest, NetManifest } from '@onda/contract';
import { modelConfig, modelMetadata } from '@onda/protocol';
import { checkSession } from '@onda/runtime';
import type { Runtime, Session } from '@onda/runtime';
import { readModelFolder } from '@onda/runtime-node';
import type { ModelFile } from '@onda/runtime-node';
import { Batcher } from './batching/batcher.ts';
import type { BatchOptions } from './batching/batcher.ts';
import { limits } from './limits.ts';
import { oneOfEach } from './models/oneOfEach.ts';
import { signatureOfManifest } from './models/modelSignature.ts';
import type { ModelSignature } from './models/modelSignature.ts';
import { ModelStats } from './modelStats.ts';
import { RowSteps } from './sequences/rowSteps.ts';
import { SequenceSteps } from './sequences/sequenceSteps.ts';
import { MemoryState } from './sequences/memoryState.ts';
import type { SequenceLimits, SequenceState } from './sequences/sequenceState.ts';
import { sequenceLayout } from './sequences/sequenceLayout.ts';

/** What a service sets for each of its models. */
export interface ModelOptions {
  batching: BatchOptions;
  sequences: SequenceLimits;
}

/** generator.onnx of an Onda net. */
export interface Generator {
  readonly session: Session;
  readonly manifest: NetManifest;
}

/** A model that answers: one version of it. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  /** What it takes and gives; everything but `generator` goes by this, whoever made the model. */
  readonly signature: ModelSignature;
  /** Null for a model without an onda.json. */
  readonly manifest: Manifest | null;
  readonly session: Session;
  /** Runs infer requests, several at a time. */
  readonly batcher: Batcher;
  readonly stats: ModelStats;
  /** Runs infer requests that leave their state here. */
  readonly steps: SequenceSteps;
  /** Runs infer requests whose rows are steps of a sequence each. */
  readonly rowSteps: RowSteps;
  readonly sequences: SequenceState;
  /** Null for a model that cannot feed its outputs back, or that is no Onda net. */
  readonly generator: Generator | null;
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
  const { manifest, version, files } = await readModelFolder(folder);
  const session = await loadFile(folder, files, modelFiles.sequence, runtime);
  checkSession(session, manifest.tensors.model, modelFiles.sequence);
  const generator = await loadGenerator(folder, files, manifest, runtime);
  const signature = signatureOfManifest(manifest, limits.batch);
  await session.run(oneOfEach(signature.inputs));
  const stats = new ModelStats();
  const batcher = new Batcher(session, options.batching, stats);
  const layout = sequenceLayout(signature.states, generator?.manifest);
  const sequences = new MemoryState(options.sequences, layout.rowSize);
  const steps = new SequenceSteps(batcher, sequences, {
    layout,
    outputs: signature.outputs.map((output) => output.name),
    maxWaiting: options.batching.maxWaiting,
  });
  return {
    name,
    version: String(version),
    signature,
    manifest,
    session,
    batcher,
    stats,
    sequences,
    steps,
    rowSteps: new RowSteps(steps, batcher, sequences),
    generator,
    files,
    metadata: JSON.stringify(modelMetadata(name, version, signature)),
    config: JSON.stringify(modelConfig(name, signature, limits.batch)),
  };
}

async function loadGenerator(
  folder: string,
  files: ReadonlyMap<string, ModelFile>,
  manifest: Manifest,
  runtime: Runtime,
): Promise<Generator | null> {
  if (manifest.tensors.generator === null || !isNetManifest(manifest)) return null;
  const session = await loadFile(folder, files, modelFiles.generator, runtime);
  checkSession(session, manifest.tensors.generator, modelFiles.generator);
  return { session, manifest };
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
