import { readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { failureReason, runChild } from './child.mjs';
import type { Context, Row } from './context.mjs';
import { MissingPart, stopwatch } from './context.mjs';
import { folderMegabytes, linkAtomic } from './files.mjs';
import { thisMachine, unsupportedMachine } from './machine.ts';
import type { Wheel } from './wheel.ts';
import { ensureWheel, wheelFolder } from './wheel.ts';

const providerLibraries = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];

/** The wheel with the CUDA provider, which the npm package onnxruntime-node of the same version loads but does not contain. */
const onnxruntimeWheel: Wheel = {
  name: 'onnxruntime-gpu',
  version: '1.30.0',
  sha256: '4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa',
  bytes: 246_658_419,
  platform: 'manylinux_2_28_x86_64',
  unpackedMegabytes: 273,
  cacheFolder: 'onnxruntime-cuda',
  libraries: providerLibraries,
  choose: (name) => providerLibraries.find((file) => name === `onnxruntime/capi/${file}`) ?? null,
};

const cost = 'The service runs on the CPU.';

/**
 * Installs the CUDA provider of ONNX Runtime and checks the libraries of CUDA and the driver.
 *
 * @returns a row for the provider and one for the libraries
 */
export async function ensureCuda(context: Context): Promise<Row[]> {
  const seconds = stopwatch();
  const part = 'CUDA provider';
  try {
    const reason = unsupportedMachine('the CUDA provider', thisMachine());
    if (reason) throw new MissingPart(reason, 'use x64 Linux with glibc');
    checkVersion(context.root);
    const { records, downloaded } = await ensureWheel(context, onnxruntimeWheel);
    linkProvider(
      context.root,
      records.map(({ path }) => path),
    );
    const folder = wheelFolder(context.cache, onnxruntimeWheel);
    const row: Row = {
      part,
      state: downloaded ? 'installed' : 'found',
      detail: `onnxruntime-gpu ${onnxruntimeWheel.version}, in ${folder}`,
      ...(downloaded && {
        megabytes: folderMegabytes(folder),
        downloadedMegabytes: Math.round(onnxruntimeWheel.bytes / 1e6),
      }),
      seconds: seconds(),
    };
    return [row, await librariesRow(context, join(folder, 'libonnxruntime_providers_cuda.so'))];
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    const { what, remedy } = error;
    return [{ part, state: 'missing', detail: what, cost, remedy, seconds: seconds() }];
  }
}

/** The provider and the runtime share structures, so their versions must be equal. */
function checkVersion(root: string): void {
  const file = join(root, 'node_modules', 'onnxruntime-node', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  if (version !== onnxruntimeWheel.version)
    throw new MissingPart(
      `onnxruntime-node is ${version} and the pinned CUDA provider is ${onnxruntimeWheel.version}`,
      'pin the wheel of that version in tools/setup/src/cuda.ts',
    );
}

function linkProvider(root: string, libraries: readonly string[]): void {
  const folder = join(root, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64');
  for (const library of libraries) {
    const link = join(folder, basename(library));
    try {
      if (readlinkSync(link) === library) continue;
    } catch {
      // Absent, or a file of another origin: it is replaced.
    }
    linkAtomic(library, link);
  }
}

async function librariesRow(context: Context, provider: string): Promise<Row> {
  const seconds = stopwatch();
  const missing = (detail: string, remedy: string): Row => ({
    part: 'CUDA libraries',
    state: 'missing',
    detail,
    cost,
    remedy,
    seconds: seconds(),
  });
  const absent = await missingCudaLibraries(provider, context.env);
  if (absent.length > 0) return missing(`not found: ${absent.join(', ')}`, cudaRemedy(absent));
  const failure = await cudaFailure(context);
  if (failure !== null)
    return missing(
      `all libraries were found, but a model cannot be loaded (${failure})`,
      'check with nvidia-smi that the driver is of release 580 or newer and finds a GPU',
    );
  const detail = 'CUDA 13, cuDNN 9 and the driver; a model was loaded';
  return { part: 'CUDA libraries', state: 'found', detail, seconds: seconds() };
}

/**
 * Loads the example model with CUDA, in a child process: a provider that fails may end its process.
 *
 * @returns the reason; null where it loads
 */
async function cudaFailure(context: Context): Promise<string | null> {
  const model = join(context.root, 'examples', 'models', 'lagged-sine', '1', 'model.onnx');
  const script =
    "require('onnxruntime-node').InferenceSession.create(process.argv[1], { executionProviders: ['cuda'] })" +
    '.then(() => process.exit(0), (error) => { console.error(error.message); process.exit(3); })';
  const result = await runChild(process.execPath, ['-e', script, model], {
    cwd: context.root,
    env: { ...context.env, NODE_OPTIONS: '', ORT_DISABLE_TELEMETRY: '1' },
  });
  return result.code === 0 ? null : failureReason(result);
}

/**
 * The libraries that the provider needs, with the pip packages that contain them (the packages of CUDA 13 lost the ending -cu13, cuDNN's
 * did not); null: the driver. cuDNN is loaded by name when the first recurrent or convolution node is created.
 */
const cudaLibraries = [
  { library: 'libcuda.so.1', package: null },
  { library: 'libcudart.so.13', package: 'nvidia-cuda-runtime~=13.0' },
  { library: 'libcublas.so.13', package: 'nvidia-cublas~=13.0' },
  { library: 'libcublasLt.so.13', package: 'nvidia-cublas~=13.0' },
  { library: 'libcurand.so.10', package: 'nvidia-curand~=10.0' },
  { library: 'libcudnn.so.9', package: 'nvidia-cudnn-cu13~=9.0' },
];

/** Checks with the dynamic loader: ldd for the provider's own dependencies, dlopen for the others. LD_LIBRARY_PATH applies. */
async function missingCudaLibraries(provider: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const { stdout } = await runChild('ldd', [provider], { env });
  const missing = new Set(Array.from(stdout.matchAll(/^\s*(\S+) => not found/gm), ([, name]) => name));
  for (const { library } of cudaLibraries)
    if (!missing.has(library) && !(await canOpen(library, env))) missing.add(library);
  return [...missing];
}

/**
 * How to install missing libraries.
 *
 * @param missing file names
 * @returns a clause
 */
export function cudaRemedy(missing: readonly string[]): string {
  const packages = new Set(
    missing.flatMap((name) => cudaLibraries.find(({ library }) => library === name)?.package ?? []),
  );
  const unknown = missing.filter((name) => !cudaLibraries.some(({ library }) => library === name));
  const clauses = [];
  if (missing.includes('libcuda.so.1'))
    clauses.push("install NVIDIA's driver for CUDA 13 (release 580 or newer) on a machine with such a GPU");
  if (packages.size > 0)
    clauses.push(
      `install CUDA 13 and cuDNN 9, or run python3 -m pip install ${[...packages].join(' ')} and add the lib folders (site-packages/nvidia/*/lib) to LD_LIBRARY_PATH`,
    );
  if (unknown.length > 0) clauses.push(`install the package that contains ${unknown.join(', ')}`);
  return clauses.join('; ');
}

async function canOpen(library: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  // Node rejects a library that is not an addon, but only after dlopen.
  const script =
    'try { process.dlopen({ exports: {} }, process.argv[1]) } catch (e) { process.exit(/cannot open shared object file/.test(e.message) ? 3 : 0) }';
  const { code } = await runChild(process.execPath, ['-e', script, library], {
    env: { ...env, NODE_OPTIONS: '' },
  });
  return code === 0;
}
