import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of onnxruntime-node that holds its native libraries on this machine. */
export function nativeFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch);
}

/** Files that the CUDA provider is made of, in the order they load; onnxruntime-node wants them in its own folder. */
export const cudaProviderFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Which of the CUDA provider's files `folder` lacks; none when the provider can be tried. */
export function missingCudaFiles(folder: string): readonly string[] {
  return cudaProviderFiles.filter((file) => !existsSync(join(folder, file)));
}

const DRIVER = 'libcuda.so.1';

/**
 * Why the CUDA provider in `folder` cannot be loaded: the first library that it needs and the loader does not find. ONNX
 * Runtime's own error does not name it, and prints it to stderr past every setting.
 *
 * @returns undefined when everything loads
 */
export function cudaProblem(folder: string): string | undefined {
  for (const library of [...cudaProviderFiles.map((file) => join(folder, file)), DRIVER]) {
    try {
      process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_GLOBAL);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      // Node asks an addon to register itself once the loader is done: these are libraries, so that is as good as loaded.
      if (text.includes('did not self-register')) continue;
      return text.split('\n', 1)[0].replace(/: No such file or directory$/, '');
    }
  }
  return undefined;
}
