import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder of onnxruntime-node that holds its native libraries on this machine. */
export function nativeFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch);
}

/** Files that the CUDA provider is made of; onnxruntime-node loads them from its own folder. */
export const cudaProviderFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Which of the CUDA provider's files `folder` lacks; none when the provider can be tried. */
export function missingCudaFiles(folder: string): readonly string[] {
  return cudaProviderFiles.filter((file) => !existsSync(join(folder, file)));
}
