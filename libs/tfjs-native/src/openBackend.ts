import { MissingError } from '@onda/contract';
import * as tf from '@tensorflow/tfjs-core';
import { restoreUtilFunctions } from './nodeShims.ts';
import { cpuKey, libraryProblem, maybeSetupRecord, setupRecordPath } from './setupRecord.ts';
import type { MissingLibrary, SetupRecord } from './setupRecord.ts';

export interface OpenBackendOptions {
  /** The backend; one of: "tensorflow", "cpu", "auto" (TensorFlow where it is set up). Left out: ONDA_BACKEND, else "auto". */
  want?: 'tensorflow' | 'cpu' | 'auto';
  /** Told in one line what is missing and how to get it. Left out: stderr. */
  log?: (line: string) => void;
  /** What the set-up wrote. Left out: that of this workspace. */
  recordPath?: string;
}

export interface OpenBackend {
  name: 'tensorflow' | 'cpu';
  /** Whether Onda's own TensorFlow kernels are registered. */
  kernels: boolean;
  /** Of TensorFlow's library, or of TF.js's JavaScript backend. */
  version: string;
}

/**
 * Loads the backend to train with and makes it the current one of TF.js.
 *
 * A library is loaded only if it is byte for byte what the set-up left, and the kernels only on the CPU they were
 * compiled for.
 *
 * @throws MissingError where TensorFlow is asked for and cannot be had, or ONDA_BACKEND has an unknown value
 */
export async function openBackend(options: OpenBackendOptions = {}): Promise<OpenBackend> {
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const want = options.want ?? wantedByEnvironment(process.env['ONDA_BACKEND']);
  if (want === 'cpu') return openCpu();
  const record = maybeSetupRecord(options.recordPath ?? setupRecordPath);
  const missing = await missingTensorflow(record);
  const opened = missing ?? (await openTensorflow());
  if ('what' in opened) {
    if (want === 'tensorflow')
      throw new MissingError(
        `TensorFlow is asked for as the backend and cannot be had: ${opened.what}. Remedy: ${opened.remedy}; then npm run setup.`,
      );
    log(sentence('TensorFlow is', opened));
    return openCpu();
  }
  const kernels = record === null ? null : await openKernels(record, log);
  return { name: 'tensorflow', kernels: kernels !== null, version: opened.version };
}

/** Reads ONDA_BACKEND; tools/setup reads it alike. */
export function wantedByEnvironment(value: string | undefined): 'tensorflow' | 'cpu' | 'auto' {
  if (value === undefined || value === '' || value === 'auto') return 'auto';
  if (value === 'tensorflow' || value === 'cpu') return value;
  throw new MissingError(
    `ONDA_BACKEND: expected tensorflow, cpu or auto, got ${JSON.stringify(value)}; leave it out to take TensorFlow where it can be had.`,
  );
}

function sentence(subject: string, { what, cost, remedy }: MissingLibrary): string {
  return `${subject} not used: ${what}. ${cost} Remedy: ${remedy}; then npm run setup.`;
}

async function missingTensorflow(record: SetupRecord | null): Promise<MissingLibrary | null> {
  if (record === null) return tensorflowLost('the set-up has not run in this workspace');
  if (record.backend !== 'tensorflow' || record.addon === null)
    return record.missing ?? tensorflowLost('the set-up left it out');
  for (const file of record.files.filter(({ path }) => path !== record.kernels)) {
    const problem = await libraryProblem(file);
    if (problem !== null) return tensorflowLost(problem);
  }
  return null;
}

function tensorflowLost(what: string): MissingLibrary {
  return { what, cost: "Training runs on TensorFlow.js's JavaScript backend.", remedy: 'bring it in' };
}

async function openTensorflow(): Promise<{ version: string } | MissingLibrary> {
  // Read by TensorFlow when it is loaded: warnings and errors only, not what its build could do better.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  restoreUtilFunctions();
  try {
    await import('./tensorflowBackend.ts');
    await tf.setBackend('tensorflow');
    await tf.ready();
    const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
    return { version: binding.TF_Version };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return tensorflowLost(`its addon does not load (${text.split('\n')[0] ?? ''})`);
  }
}

/** Registers the native kernels; says in one line why not, where this workspace has some. */
async function openKernels(record: SetupRecord, log: (line: string) => void): Promise<string | null> {
  const missing = await missingKernels(record);
  if (missing !== null) log(sentence('The native kernels are', missing));
  if (missing !== null || record.kernels === null) return null;
  const { registerNativeKernels } = await import('./nativeKernels.ts');
  registerNativeKernels(record.kernels);
  return record.kernels;
}

async function missingKernels(record: SetupRecord): Promise<MissingLibrary | null> {
  if (record.kernels === null) return record.kernelsMissing;
  const file = record.files.find(({ path }) => path === record.kernels);
  const problem = file ? await libraryProblem(file) : `${record.kernels} has no record`;
  const what = record.cpu === cpuKey() ? problem : 'they were compiled for another CPU';
  if (what === null) return null;
  return { what, cost: 'Training runs on portable kernels.', remedy: 'compile them' };
}

async function openCpu(): Promise<OpenBackend> {
  const { cpuVersion: version } = await import('./cpuBackend.ts');
  // Its first tensor would print an advert for tfjs-node, which is what was just found missing.
  Object.assign(tf.findBackend('cpu'), { firstUse: false });
  await tf.setBackend('cpu');
  await tf.ready();
  return { name: 'cpu', kernels: false, version };
}
