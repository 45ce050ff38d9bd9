// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeHeadersFolder, nodeHeadersVersion } from './addon.mjs';
import { cpuKey } from './machine.mjs';
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
 * @returns {Promise<import('./compiled.mjs').CompiledLibrary | null>} null in a workspace without native kernels
 */
export async function kernelLibrary(place, compilerCommand) {
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
    },
  };
}
