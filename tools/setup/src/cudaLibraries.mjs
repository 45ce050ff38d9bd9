// @ts-check
import { runChild } from './child.mjs';

/**
 * What the provider needs and who brings it: pip packages of CUDA 13 (their names lost the -cu13 ending, cuDNN's did
 * not), or NVIDIA's driver. cuDNN is loaded by name when the first recurrent or convolution node is built.
 */
const known = [
  { library: 'libcuda.so.1', package: null },
  { library: 'libcudart.so.13', package: 'nvidia-cuda-runtime~=13.0' },
  { library: 'libcublas.so.13', package: 'nvidia-cublas~=13.0' },
  { library: 'libcublasLt.so.13', package: 'nvidia-cublas~=13.0' },
  { library: 'libcurand.so.10', package: 'nvidia-curand~=10.0' },
  { library: 'libcudnn.so.9', package: 'nvidia-cudnn-cu13~=9.0' },
];

/**
 * Asks the loader itself, by ldd for what the provider names and by opening the others in a process of their own.
 * @param {string} provider
 * @param {NodeJS.ProcessEnv} env LD_LIBRARY_PATH counts
 * @returns {Promise<{ missing: string[], remedy: string }>}
 */
export async function missingCudaLibraries(provider, env) {
  const { stdout } = await runChild('ldd', [provider], { env });
  const unresolved = [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? '');
  const missing = [...new Set(unresolved)];
  for (const { library } of known) {
    if (!missing.includes(library) && !(await canOpen(library, env))) missing.push(library);
  }
  return { missing, remedy: cudaRemedy(missing) };
}

/**
 * How to get the missing libraries.
 * @param {readonly string[]} missing file names
 * @returns {string} a clause
 */
export function cudaRemedy(missing) {
  const packages = new Set(
    missing.flatMap((name) => known.find(({ library }) => library === name)?.package ?? []),
  );
  const clauses = [];
  if (missing.includes('libcuda.so.1'))
    clauses.push("install NVIDIA's driver for CUDA 13 (release 580 or newer) on a machine with such a GPU");
  if (packages.size > 0)
    clauses.push(
      `install CUDA 13 and cuDNN 9, or: python3 -m pip install ${[...packages].join(' ')}, and name their lib folders (site-packages/nvidia/*/lib) in LD_LIBRARY_PATH`,
    );
  const strange = missing.filter((name) => !known.some(({ library }) => library === name));
  if (strange.length > 0) clauses.push(`install what brings ${strange.join(', ')}`);
  return clauses.join('; ');
}

/**
 * @param {string} library
 * @param {NodeJS.ProcessEnv} env
 */
async function canOpen(library, env) {
  // Node refuses a library that is no addon, but only after the loader has opened it.
  const script =
    'try { process.dlopen({ exports: {} }, process.argv[1]) } catch (e) { process.exit(/cannot open shared object file/.test(e.message) ? 3 : 0) }';
  const { code } = await runChild(process.execPath, ['-e', script, library], {
    env: { ...env, NODE_OPTIONS: '' },
  });
  return code === 0;
}
