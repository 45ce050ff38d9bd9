// @ts-check
import { readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillFolderBeside, linkBeside } from './beside.mjs';
import { runChild, whyItFailed } from './child.mjs';
import { missingCudaLibraries } from './cudaLibraries.mjs';
import { describeFile, soundRecords, writeRecords } from './fileRecord.mjs';
import { folderMegabytes } from './folderSize.mjs';
import { withLock } from './lock.mjs';
import { thisMachine, unsuitedMachine } from './machine.mjs';
import { downloadWheel } from './pip.mjs';
import { cacheLock, stopwatch, waitAloud } from './place.mjs';
import { MissingPart } from './setupError.mjs';
import { unpackZip } from './zip.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./place.mjs').Row} Row */

/**
 * The Python wheel whose CUDA provider onnxruntime-node of the same version loads: npm's package leaves it out.
 * @type {import('./pip.mjs').Wheel}
 */
export const onnxruntimeWheel = {
  name: 'onnxruntime-gpu',
  version: '1.30.0',
  sha256: '4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa',
  bytes: 246_658_419,
  platform: 'manylinux_2_28_x86_64',
  unpackedMegabytes: 273,
};

const libraries = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];
const cost = 'The service runs on the CPU.';

/**
 * Brings the CUDA provider of ONNX Runtime and says which libraries of CUDA and its driver are still missing.
 * @param {Place} place
 * @returns {Promise<Row[]>} a row for the provider and one for what it needs
 */
export async function ensureCuda(place) {
  const seconds = stopwatch();
  const part = 'CUDA provider';
  try {
    const reason = unsuitedMachine(thisMachine())?.replace("TensorFlow's library", 'the CUDA provider');
    if (reason) throw new MissingPart(reason, 'run it on x64 Linux with glibc');
    checkVersion(place.root);
    const { folder, downloaded } = await bringProvider(place);
    linkProvider(place.root, folder);
    const detail = `onnxruntime-gpu ${onnxruntimeWheel.version}, in ${folder}`;
    /** @type {Row} */
    const row = downloaded
      ? {
          part,
          state: 'brought in',
          detail,
          megabytes: folderMegabytes(folder),
          downloadedMegabytes: Math.round(onnxruntimeWheel.bytes / 1e6),
          seconds: seconds(),
        }
      : { part, state: 'found', detail, seconds: seconds() };
    return [row, await librariesRow(place, join(folder, 'libonnxruntime_providers_cuda.so'))];
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    const { what, remedy } = error;
    return [{ part, state: 'missing', detail: what, cost, remedy, seconds: seconds() }];
  }
}

/**
 * The provider and the runtime must be of one version: they share structures.
 * @param {string} root
 */
function checkVersion(root) {
  const file = join(root, 'node_modules', 'onnxruntime-node', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  if (version !== onnxruntimeWheel.version)
    throw new MissingPart(
      `onnxruntime-node is ${version} and the CUDA provider known here is ${onnxruntimeWheel.version}`,
      'pin the wheel of that version in tools/setup/src/cuda.mjs',
    );
}

/** @param {Place} place */
async function bringProvider(place) {
  const folder = join(
    place.cache,
    'onnxruntime-cuda',
    `${onnxruntimeWheel.version}-${onnxruntimeWheel.sha256.slice(0, 12)}`,
  );
  const records = join(folder, 'files.json');
  if (await soundRecords(folder, records)) return { folder, downloaded: false };
  return withLock(
    cacheLock(place),
    async () => {
      if (await soundRecords(folder, records)) return { folder, downloaded: false };
      const wheel = await downloadWheel(place, onnxruntimeWheel);
      await fillFolderBeside(folder, async (temporary) => {
        const hashes = await unpackZip(
          wheel.path,
          temporary,
          (name) => libraries.find((file) => name === `onnxruntime/capi/${file}`) ?? null,
        );
        const described = libraries.map((name) => describeFile(join(temporary, name), hashes.get(name)));
        writeRecords(join(temporary, 'files.json'), await Promise.all(described));
      });
      await rm(wheel.path);
      return { folder, downloaded: wheel.downloaded };
    },
    waitAloud(place),
  );
}

/**
 * @param {string} root
 * @param {string} folder
 */
function linkProvider(root, folder) {
  const binaries = join(root, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64');
  for (const name of libraries) {
    const target = join(folder, name);
    const link = join(binaries, name);
    try {
      if (readlinkSync(link) === target) continue;
    } catch {
      // Absent, or a file of another make: it is replaced.
    }
    linkBeside(target, link);
  }
}

/**
 * @param {Place} place
 * @param {string} provider
 * @returns {Promise<Row>}
 */
async function librariesRow(place, provider) {
  const seconds = stopwatch();
  const part = 'CUDA libraries';
  const { missing, remedy } = await missingCudaLibraries(provider, place.env);
  if (missing.length === 0) {
    const refusal = await refusalOfCuda(place);
    if (refusal === null)
      return {
        part,
        state: 'found',
        detail: 'CUDA 13, cuDNN 9 and the driver; a model was loaded',
        seconds: seconds(),
      };
    const detail = `all libraries are found, but a model cannot be loaded (${refusal})`;
    const upgrade = 'check with nvidia-smi that the driver is of release 580 or newer and sees a GPU';
    return { part, state: 'missing', detail, cost, remedy: upgrade, seconds: seconds() };
  }
  return {
    part,
    state: 'missing',
    detail: `not found: ${missing.join(', ')}`,
    cost,
    remedy,
    seconds: seconds(),
  };
}

/**
 * Loads the example model with CUDA, in a process of its own: a provider that cannot start may end it.
 * @param {Place} place
 * @returns {Promise<string | null>} why not
 */
async function refusalOfCuda(place) {
  const model = join(place.root, 'examples', 'models', 'lagged-sine', '1', 'model.onnx');
  const script =
    "require('onnxruntime-node').InferenceSession.create(process.argv[1], { executionProviders: ['cuda'] })" +
    '.then(() => process.exit(0), (error) => { console.error(error.message); process.exit(3); })';
  const result = await runChild(process.execPath, ['-e', script, model], {
    cwd: place.root,
    env: { ...place.env, NODE_OPTIONS: '', ORT_DISABLE_TELEMETRY: '1' },
  });
  return result.code === 0 ? null : whyItFailed(result);
}
