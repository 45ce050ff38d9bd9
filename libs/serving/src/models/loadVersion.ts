import { join } from 'node:path';
import { ModelError, modelFiles } from '@onda/contract';
import { inspectModel, providerNotes, readModel } from '@onda/onnx';
import { modelConfig, modelMetadata } from '@onda/protocol';
import type { Runtime, Session } from '@onda/runtime';
import { RunTimeoutError } from '@onda/runtime-node';
import { Batcher } from '../batcher.ts';
import { forecastGenerator } from '../generation/forecastGenerator.ts';
import { loadGenerator, recentOutput } from '../generation/generator.ts';
import type { Generator } from '../generation/generator.ts';
import { failureText } from '../errors.ts';
import { ModelStats } from '../modelStats.ts';
import { checkOperators, endlessOperators, recurrentOperators } from './allowedOperators.ts';
import { configNotes, configOptions, defaultRules, runTimeout, scheduleRules, statedPolicy } from './configOptions.ts';
import type { ModelOptions } from './configOptions.ts';
import type { ReadVersion } from './modelFolder.ts';
import type { ModelSignature } from './modelSignature.ts';
import { configPath, readSignature, reshapeSession } from './readSignature.ts';
import type { ServedModel } from './servedModel.ts';
import { hasPredictableRuns } from './predictableRuns.ts';
import { warmUp } from './warmUp.ts';
import type { ModelSequences } from '../sequences/modelSequences.ts';
import type { SequenceLimits } from '../sequences/sequenceStore.ts';
import { StateLayout } from '../sequences/stateLayout.ts';

/** Dependencies and limits of loading a model. */
export interface LoadContext {
  readonly runtime: Runtime;
  readonly options: ModelOptions;
  readonly budget: ModelBudget;
  /** The sequences of a model, for all its versions. */
  readonly sequencesOf: (name: string, limits: SequenceLimits, rowSize: number) => ModelSequences<ServedModel>;
  /** Operators that are allowed in addition to the standard ones. */
  readonly operators: readonly string[];
  /** Whether requests may come meanwhile: the model is then loaded, and runs first, in a separate process. */
  readonly isServing: () => boolean;
}

/** A loaded version, and how to release it. */
export interface LoadedVersion {
  readonly model: ServedModel;
  readonly key: string;
  /** Warnings: for instance nodes that the provider does not support. */
  readonly notes: readonly string[];
  /** Releases the sessions; the model must not be used afterwards. */
  readonly release: () => Promise<void>;
}

/**
 * Checks a version's files, loads them and runs them once, so that a model listed as ready can run.
 *
 * @throws ModelError with the reason; then nothing stays loaded
 */
export async function loadVersion(read: ReadVersion, context: LoadContext): Promise<LoadedVersion> {
  const { budget } = context;
  const since = performance.now();
  const sessions: Session[] = [];
  const place = join(read.folder.path, String(read.version));
  let held = 0;
  const hold = (bytes: number): void => {
    budget.release(held);
    held = 0;
    try {
      budget.reserve(bytes);
    } catch (error) {
      throw placed(error, place);
    }
    held = bytes;
  };
  hold([...read.files.values()].reduce((sum, file) => sum + file.bytes.byteLength, 0));
  const release = async (): Promise<void> => {
    budget.release(held);
    for (const session of sessions) await session.release();
  };
  try {
    const load = async (file: string): Promise<Session> => {
      const session = await loadFile(read, place, file, context);
      sessions.push(session);
      const { copies = 1 } = session;
      hold(held + (copies - 1) * (read.files.get(file)?.bytes.byteLength ?? 0));
      return session;
    };
    const loaded = await load(read.file);
    const session =
      read.manifest === null ? reshapeSession(loaded, read.folder.config, configPath(read.folder)) : loaded;
    const notes: string[] = [];
    const generator =
      forecastGenerator(read.manifest, session) ??
      (await loadGenerator(read, load, (text) => notes.push(text)));
    const signature = readSignature(read, session, place);
    notes.push(...(await warmUp(session, signature, read.folder, place)));
    for (const one of sessions) await one.admit?.();
    const cost = { bytes: held, loadMs: performance.now() - since };
    const model = serve(read, { session, generator, signature, cost }, context);
    const { manifest, folder } = read;
    if (manifest === null && folder.config !== null) {
      notes.push(...configNotes(folder.config, configPath(folder), context.options, session.provider));
    }
    return { model, key: read.key, notes: [...notes, ...cudaNotes(read, session, place)], release };
  } catch (error) {
    await release();
    throw error;
  }
}

interface LoadedParts {
  session: Session;
  generator: Generator | null;
  signature: ModelSignature;
  cost: Pick<ServedModel, 'bytes' | 'loadMs'>;
}

function serve(
  { folder, version, file, manifest, files }: ReadVersion,
  { session, generator, signature, cost }: LoadedParts,
  context: LoadContext,
): ServedModel {
  const { name, config } = folder;
  const options = configOptions(context.options, config, manifest);
  const stats = new ModelStats();
  const batcher = new Batcher(session, options.batching, stats);
  const layout = new StateLayout(signature.states, recentOutput(signature, generator));
  const fileHash = files.get(file)?.sha256 ?? '';
  const sequences = context.sequencesOf(name, options.sequences, layout.rowSize);
  const sequenceKey = `${version}/${fileHash.slice(0, 12)}/${layout.hash}`;
  return {
    name,
    version: String(version),
    signature,
    manifest,
    session,
    schedule: config === null || manifest !== null ? defaultRules : scheduleRules(config, configPath(folder)),
    batcher,
    stats,
    layout,
    sequenceKey,
    sequences,
    sequenceCounts: sequences.store.counts(sequenceKey),
    generator,
    fileHash,
    files,
    ...cost,
    metadata: JSON.stringify(modelMetadata(name, version, signature)),
    // With a config.pbtxt that has no sequences, the state is a tensor like any other (deploy/kserve).
    config: JSON.stringify(
      modelConfig(
        name,
        signature,
        signature.maxRows,
        config !== null && config.sequence_batching === undefined
          ? undefined
          : { states: signature.states, idleMs: options.sequences.idleMs },
        statedPolicy(config?.version_policy),
      ),
    ),
  };
}

async function loadFile(
  { files, folder }: ReadVersion,
  place: string,
  file: string,
  { runtime, operators, isServing }: LoadContext,
): Promise<Session> {
  const bytes = files.get(file)?.bytes;
  if (!bytes) throw new ModelError(`${place}: expected ${file}, found none; export the model again`);
  try {
    const facts = inspectModel(bytes);
    checkOperators(facts.operators, operators);
    const mayNotEnd = facts.operators.some((operator) => endlessOperators.has(operator));
    const session = await runtime.createSession(bytes, {
      isolation: mayNotEnd ? 'always' : isServing() ? 'trial' : 'none',
      predictable: !mayNotEnd && hasPredictableRuns(bytes),
      runMs: folder.config === null ? undefined : runTimeout(folder.config, configPath(folder)),
    });
    const isEmpty = session.inputs.some(({ shape }) => shape.includes(0));
    if (isEmpty && facts.operators.some((operator) => recurrentOperators.has(operator))) {
      await session.release();
      throw new ModelError(
        'expected inputs of at least one value for a recurrent network, got a dim of 0; export the model with other dims',
      );
    }
    return session;
  } catch (error) {
    throw placed(error, `${place}: ${file}`);
  }
}

function placed(error: unknown, place: string): unknown {
  const isOfModel = error instanceof ModelError || error instanceof RunTimeoutError;
  return isOfModel ? new ModelError(`${place}: ${error.message}`, { cause: error }) : error;
}

/** The nodes of a model that run on the CPU although its provider is CUDA. */
function cudaNotes({ files }: Pick<ReadVersion, 'files'>, { provider }: Session, place: string): string[] {
  if (provider !== 'cuda') return [];
  const models = [...files].filter(([name]) => name !== modelFiles.manifest);
  return models.flatMap(([name, { bytes }]) => {
    const where = `${place}: ${name}`;
    try {
      const notes = providerNotes(readModel(bytes)).filter((note) => note.provider === 'cuda');
      return notes.map(({ text }) => `${where}: ${text}`);
    } catch (error) {
      // ONNX Runtime accepts more than readModel does.
      return [`${where}: its nodes cannot be checked for CUDA (${failureText(error)})`];
    }
  });
}

/** The model does not fit into the limit of model bytes until others are unloaded. */
export class NoRoomError extends ModelError {}

/** Bounds the memory of all models by the bytes of their files, each multiplied by its copies. */
export class ModelBudget {
  readonly #most: number;
  #reserved = 0;

  /** @param most maximum bytes of all loaded models */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes of the loaded models. */
  get reserved(): number {
    return this.#reserved;
  }

  /** @throws NoRoomError if they do not fit */
  reserve(bytes: number): void {
    if (this.#reserved + bytes > this.#most) {
      throw new NoRoomError(
        `expected at most ${this.#most} bytes of models, got ${bytes} in addition to the ${this.#reserved} loaded; unload a model, or raise the limit of model bytes`,
      );
    }
    this.#reserved += bytes;
  }

  release(bytes: number): void {
    this.#reserved -= bytes;
  }
}
