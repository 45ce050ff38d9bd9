import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Libraries whose versions are recorded in a manifest. */
const named = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', 'onnx-proto', 'onnxruntime-node'] as const;

/** Onda's version. */
export const ondaVersion = (require('../package.json') as { version: string }).version;

/** Versions by package name, including Onda and the opened backend. */
export function libraryVersions(backend: { name: string; version: string }): Record<string, string> {
  const versions: Record<string, string> = { onda: ondaVersion, [backend.name]: backend.version };
  for (const name of named) versions[name] = (require(`${name}/package.json`) as { version: string }).version;
  return versions;
}
