import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { MissingError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { registerNativeKernels } from './nativeKernels.ts';
import type { MissingLibrary, SetupRecord } from './setupRecord.ts';
import { cpuKey, findSetupRecord, inWorkspace, libraryProblem, maybeSetupRecord } from './setupRecord.ts';

export type BackendName = 'tensorflow' | 'wasm';

type BackendChoice = BackendName | 'auto';

export interface OpenBackendOptions {
  /**
   * The backend; one of: "tensorflow" (the native kernels), "wasm" (the WebAssembly kernels on TF.js's cpu backend), "auto" (tensorflow
   * where it is set up, else wasm). Default: ONDA_BACKEND, else "auto".
   */
  want?: BackendChoice;
  /** Receives one line that says what is missing and how to get it, or how to omit the line. Default: stderr. */
  log?: (line: string) => void;
  /** Path of the record that the set-up wrote. Default: that of the project that has this package. */
  recordPath?: string;
}

export interface OpenBackend {
  name: BackendName;
  /** Version of TensorFlow, or of TF.js's cpu backend. */
  version: string;
}

const require = createRequire(import.meta.url);

/**
 * Loads the training backend and makes it TF.js's current one.
 *
 * Native libraries are loaded only if their bytes match the record of the set-up, and the kernels only on the CPU type that they
 * were compiled for.
 *
 * @throws MissingError if TensorFlow is requested and unavailable, or for an unknown value of ONDA_BACKEND
 */
export async function openBackend(options: OpenBackendOptions = {}): Promise<OpenBackend> {
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const want = options.want ?? wantedByEnvironment(process.env['ONDA_BACKEND']);
  if (want === 'wasm') return openWasmBackend();
  const recordPath = options.recordPath ?? findSetupRecord();
  const record = recordPath === null ? null : maybeSetupRecord(recordPath);
  const opened = await openTensorflow(record);
  if ('version' in opened) return { name: 'tensorflow', version: opened.version };
  const { what, cost, remedy } = opened;
  const rest = remedy === null ? '' : ` Remedy: ${remedy}; then npm run setup.`;
  if (want === 'tensorflow') {
    throw new MissingError(`backend: expected tensorflow as requested, but ${what}.${rest}`);
  }
  log(`TensorFlow is not used: ${what}. ${cost}${rest}`);
  return openWasmBackend();
}

/** Parses ONDA_BACKEND; tools/setup does the same. */
export function wantedByEnvironment(value: string | undefined): BackendChoice {
  if (value === undefined || value === '' || value === 'auto') return 'auto';
  if (value === 'tensorflow' || value === 'wasm') return value;
  throw new MissingError(
    `ONDA_BACKEND: expected tensorflow, wasm or auto, got ${JSON.stringify(value)}; unset it to use TensorFlow where available`,
  );
}

async function openTensorflow(record: SetupRecord | null): Promise<{ version: string } | MissingLibrary> {
  const missing = (await missingTensorflow(record)) ?? (await missingKernels(record));
  if (missing !== null) return missing;
  // TensorFlow reads it on load: print warnings and errors only.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  restoreUtilFunctions();
  try {
    // require, not import: on Node 20 the error of a throwing CommonJS module behind an import cannot be caught.
    require('@tensorflow/tfjs-node');
  } catch (error) {
    return unavailable(`the addon of tfjs-node cannot be loaded (${firstLine(error)})`);
  }
  await tf.setBackend('tensorflow');
  await tf.ready();
  try {
    registerNativeKernels(record?.kernels ?? '');
  } catch (error) {
    return unavailable(`the native kernels cannot be loaded (${firstLine(error)})`);
  }
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  return { version: binding.TF_Version };
}

async function missingTensorflow(record: SetupRecord | null): Promise<MissingLibrary | null> {
  if (record === null)
    return inWorkspace ? unavailable('the set-up has not run in this workspace') : elsewhere;
  if (record.backend !== 'tensorflow' || record.addon === null)
    return record.missing ?? unavailable('the set-up left it out');
  for (const file of record.files.filter(({ path }) => path !== record.kernels)) {
    const problem = await libraryProblem(file);
    if (problem !== null) return unavailable(problem);
  }
  return null;
}

async function missingKernels(record: SetupRecord | null): Promise<MissingLibrary | null> {
  if (record?.kernels == null)
    return record?.kernelsMissing ?? unavailable('the native kernels are not compiled');
  const file = record.files.find(({ path }) => path === record.kernels);
  const problem = file ? await libraryProblem(file) : `${record.kernels} is not in the set-up record`;
  const what = record.cpu === cpuKey() ? problem : 'the native kernels were compiled for another CPU type';
  return what === null ? null : unavailable(what);
}

function unavailable(what: string): MissingLibrary {
  return {
    what,
    cost: 'Training runs on the WebAssembly kernels, which are slower for wide networks.',
    remedy: 'install what is missing',
  };
}

/** In another project nothing is missing: the native kernels are compiled by the set-up of Onda's repository. */
const elsewhere: MissingLibrary = {
  what: "this project has no native kernels, which the set-up of Onda's repository compiles",
  cost: 'Training runs on the WebAssembly kernels, which are slower for wide networks; ONDA_BACKEND=wasm omits this line.',
  remedy: null,
};

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

/**
 * Restores `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed and Node 22 deprecates. tfjs-node 4.22 calls both in
 * nodejs_kernel_backend.js; its fix (tensorflow/tfjs pull request 8425) was never released.
 *
 * @param util the `node:util` module as CommonJS sees it, which is the object that tfjs-node uses
 */
export function restoreUtilFunctions(
  util: Record<string, unknown> = require('node:util') as Record<string, unknown>,
): void {
  util['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}
