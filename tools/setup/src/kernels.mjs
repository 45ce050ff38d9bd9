// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeHeadersFolder, nodeHeadersVersion } from './addon.mjs';
import { runChild, whyItFailed } from './child.mjs';
import { cpuKey } from './machine.mjs';
import { MissingPart } from './setupError.mjs';
import { tensorflowFolder, tensorflowWheel } from './tensorflowLibrary.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/**
 * What libs/tfjs-native/build.mjs offers.
 * @typedef {object} KernelBuild
 * @property {(options: { tensorflowDir: string, nodeHeadersDir: string, outFile: string, compiler: string, log: (line: string) => void }) => Promise<void>} buildKernels
 * @property {readonly string[]} kernelSourceFiles absolute paths
 * @property {readonly string[]} kernelFlags
 */

/**
 * Onda's own TensorFlow kernels. They are compiled for this very CPU, so its abilities are part of the key.
 * @param {Place} place
 * @param {string} compilerCommand
 * @param {string} addon tfjs-node's, which the kernels are loaded after
 * @returns {Promise<import('./compiled.mjs').CompiledLibrary | null>} null in a workspace without native kernels
 */
export async function kernelLibrary(place, compilerCommand, addon) {
  const buildFile = join(place.root, 'libs', 'tfjs-native', 'build.mjs');
  if (!existsSync(buildFile)) return null;
  /** @type {KernelBuild} */
  const { buildKernels, kernelSourceFiles, kernelFlags } = await import(pathToFileURL(buildFile).href);
  const tensorflowDir = tensorflowFolder(place.cache);
  return {
    kind: 'kernels',
    file: 'onda_kernels.node',
    madeFrom: [
      ...kernelSourceFiles.map((path) => readFileSync(path, 'utf8')),
      ...kernelFlags,
      tensorflowWheel.sha256,
      nodeHeadersVersion(place.root),
      tensorflowDir,
      cpuKey(),
    ],
    build: async (outFile) => {
      place.log('TensorFlow: compiling the native kernels for this CPU');
      await buildKernels({
        tensorflowDir,
        nodeHeadersDir: nodeHeadersFolder(place.root),
        outFile,
        compiler: compilerCommand,
        log: place.log,
      });
      await checkLoads(place, addon, outFile);
    },
  };
}

/**
 * Loads the kernels in a process of its own, so that what they do to it does not happen here.
 * @param {Place} place
 * @param {string} addon
 * @param {string} kernels
 */
async function checkLoads(place, addon, kernels) {
  const script =
    "require(process.argv[1]); const { RTLD_NOW, RTLD_GLOBAL } = require('node:os').constants.dlopen;" +
    'process.dlopen({ exports: {} }, process.argv[2], RTLD_NOW | RTLD_GLOBAL);';
  const result = await runChild(process.execPath, ['-e', script, addon, kernels], {
    env: { ...place.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (result.code !== 0)
    throw new MissingPart(
      `the compiled kernels do not load (${whyItFailed(result, /^Error:/)})`,
      'try another compiler by setting CXX',
    );
}
