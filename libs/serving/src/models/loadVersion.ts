import { join } from 'node:path';
import { ModelError } from '@onda/contract';
import { inspectModel } from '@onda/onnx';
import { modelConfig, modelMetadata } from '@onda/protocol';
import type { Runtime, Session } from '@onda/runtime';
import { Batcher } from '../batching/batcher.ts';
import type { Generator } from '../generation/generator.ts';
import { recentOutput } from '../generation/recentOutput.ts';
import { ModelStats } from '../modelStats.ts';
import { RowSteps } from '../sequences/rowSteps.ts';
import { StateLayout } from '../sequences/stateLayout.ts';
import { SequenceSteps } from '../sequences/sequenceSteps.ts';
import type { ModelOptions, ServedModel } from '../servedModel.ts';
import { checkOperators } from './allowedOperators.ts';
import { reshapeSession } from './config/reshapeSession.ts';
import { cudaNotes } from './cudaNotes.ts';
import { configPath, readSignature } from './readSignature.ts';
import { configNotes, configOptions } from './configOptions.ts';
import { loadGenerator } from './loadGenerator.ts';
import type { ModelBudget } from './modelBudget.ts';
import type { ReadVersion } from './modelFolder.ts';
import type { ModelSignature } from './modelSignature.ts';
import { scheduleRules, usualRules } from './scheduleRules.ts';
import { statedPolicy } from './versionPolicy.ts';
import { warmUp } from './warmUp.ts';

/** What models are loaded with. */
export interface LoadContext {
  readonly runtime: Runtime;
  readonly options: ModelOptions;
  readonly budget: ModelBudget;
  /** Operators that are allowed beside the standard ones. */
  readonly operators: readonly string[];
}

/** A version that answers, and how to take it away again. */
export interface LoadedVersion {
  readonly model: ServedModel;
  readonly key: string;
  /** Sentences on what of the version is not as it might be: nodes that the provider does not take. */
  readonly notes: readonly string[];
  /** Frees what the runtime holds; nothing may use the model after it. */
  readonly release: () => Promise<void>;
}

/**
 * Looks a version's files through, loads them and runs them once, so that a model which is listed as ready does run.
 *
 * @throws ModelError naming what is wrong with it; nothing stays loaded then
 */
export async function loadVersion(read: ReadVersion, context: LoadContext): Promise<LoadedVersion> {
  const { budget } = context;
  const since = performance.now();
  const sessions: Session[] = [];
  const place = join(read.folder.path, String(read.version));
  let held = 0;
  const hold = (bytes: number): void => {
    budget.giveBack(held);
    held = 0;
    try {
      budget.take(bytes);
    } catch (error) {
      throw placed(error, place);
    }
    held = bytes;
  };
  hold([...read.files.values()].reduce((sum, file) => sum + file.bytes.byteLength, 0));
  const release = async (): Promise<void> => {
    budget.giveBack(held);
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
    const generator = await loadGenerator(read, load, (text) => notes.push(text));
    const signature = readSignature(read, session, place);
    await warmUp(session, signature, read.folder, place);
    const cost = { bytes: held, loadMs: performance.now() - since };
    const model = serve(read, { session, generator, signature, cost }, context.options);
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
  common: ModelOptions,
): ServedModel {
  const { name, config } = folder;
  const options = configOptions(common, config, manifest);
  const stats = new ModelStats();
  const batcher = new Batcher(session, options.batching, stats);
  const layout = new StateLayout(signature.states, recentOutput(signature, generator));
  const fileHash = files.get(file)?.sha256 ?? '';
  const sequences = options.openState({
    name,
    version: String(version),
    fileHash,
    rowSize: layout.rowSize,
    limits: options.sequences,
  });
  const outputs = signature.outputs.map((output) => output.name);
  const { maxWaiting } = options.batching;
  const steps = new SequenceSteps(batcher, sequences, {
    layout,
    controls: signature.controls,
    outputs,
    maxWaiting,
  });
  return {
    name,
    version: String(version),
    signature,
    manifest,
    session,
    schedule: config === null || manifest !== null ? usualRules : scheduleRules(config, configPath(folder)),
    batcher,
    stats,
    sequences,
    steps,
    rowSteps: new RowSteps(steps, batcher, sequences),
    generator,
    fileHash,
    files,
    ...cost,
    metadata: JSON.stringify(modelMetadata(name, version, signature)),
    // Whoever wrote a config.pbtxt without sequences wants the state to be a tensor like any other (deploy/kserve).
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
  { files }: ReadVersion,
  place: string,
  file: string,
  { runtime, operators }: LoadContext,
): Promise<Session> {
  const bytes = files.get(file)?.bytes;
  if (!bytes) throw new ModelError(`${place}: expected ${file}, found none; export the model again`);
  try {
    checkOperators(inspectModel(bytes).operators, operators);
    return await runtime.createSession(bytes);
  } catch (error) {
    throw placed(error, `${place}: ${file}`);
  }
}

function placed(error: unknown, place: string): unknown {
  return error instanceof ModelError ? new ModelError(`${place}: ${error.message}`, { cause: error }) : error;
}
