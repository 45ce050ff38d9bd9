import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { MissingError } from '@onda/contract';

/** Execution provider; `auto` is CUDA if its library is installed and works, else the CPU. */
export type ProviderChoice = 'auto' | 'cpu' | 'cuda';

export type Provider = 'cpu' | 'cuda';

/** Folder of the CUDA provider, and the check of its libraries; replaced in tests. */
export interface CudaPlace {
  folder: string;
  problem: (folder: string) => string | undefined;
}

const ownPlace = (): CudaPlace => ({ folder: nativeFolder(), problem: cudaProblem });

/**
 * The providers to try, in order.
 *
 * @param onWarning receives one sentence if `auto` finds the CUDA library and cannot use it
 * @throws MissingError if CUDA is requested and its library, or a dependency, is missing
 */
export function providersToTry(
  choice: ProviderChoice,
  onWarning?: (text: string) => void,
  place: CudaPlace = ownPlace(),
): readonly Provider[] {
  if (choice === 'cpu') return ['cpu'];
  const missing = missingCudaFiles(place.folder);
  if (missing.length > 0) {
    if (choice === 'auto') return ['cpu'];
    throw new MissingError(
      `provider cuda: expected ${missing.join(' and ')} beside onnxruntime-node, found none; install it with npm run setup -- --cuda, or use the provider cpu`,
    );
  }
  const problem = place.problem(place.folder);
  if (problem === undefined) return choice === 'cuda' ? ['cuda'] : ['cuda', 'cpu'];
  if (choice === 'cuda') throw unusableCudaError(problem);
  onWarning?.(unusableCudaWarning(problem));
  return ['cpu'];
}

/** The warning of `auto` when it falls back to the CPU. */
export function unusableCudaWarning(problem: string): string {
  return `the CUDA provider is installed but cannot be used (${problem}); using the CPU`;
}

/** The error of `cuda` if the library is installed but cannot be used. */
export function unusableCudaError(problem: string, cause?: unknown): MissingError {
  return new MissingError(
    `provider cuda: the library is installed but cannot be used (${problem}); check it with npm run setup -- --cuda, or use the provider cpu`,
    { cause },
  );
}

/** The folder of onnxruntime-node's native libraries on this machine. */
export function nativeFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch);
}

/** Files of the CUDA provider in load order; they must be in the folder of onnxruntime-node. */
export const cudaProviderFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Files of the CUDA provider that are missing from `folder`. */
export function missingCudaFiles(folder: string): readonly string[] {
  return cudaProviderFiles.filter((file) => !existsSync(join(folder, file)));
}

const DRIVER = 'libcuda.so.1';

/**
 * The reason why the CUDA provider in `folder` cannot be loaded: the first missing dependency. ONNX Runtime's own error does not name it,
 * and is printed to stderr regardless of the log settings.
 *
 * @returns undefined if everything loads
 */
export function cudaProblem(folder: string): string | undefined {
  for (const library of [...cudaProviderFiles.map((file) => join(folder, file)), DRIVER]) {
    try {
      process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_GLOBAL);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      // The library was loaded; Node then complains that it is not an addon.
      if (text.includes('did not self-register')) continue;
      return text.split('\n', 1)[0].replace(/: No such file or directory$/, '');
    }
  }
  return undefined;
}
