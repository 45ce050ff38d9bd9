export { createNodeRuntime } from './nodeRuntime.ts';
export type { NodeRuntimeOptions } from './nodeRuntime.ts';
export { createWorkerPool } from './workerPool.ts';
export type { WorkerPoolOptions } from './workerPool.ts';
export { createWorkerRuntime } from './workerRuntime.ts';
export type { WorkerRuntime, WorkerRuntimeOptions } from './workerRuntime.ts';
export { RunTimeoutError, WorkerError } from './workerMessages.ts';
export type { WorkerLimits } from './workerMessages.ts';
export type { OrtOptions } from './ortSession.ts';
export type { ProviderChoice } from './provider.ts';

export {
  isForbidden,
  isFolderLink,
  readModelFolder,
  readPlainFile,
  readVersionFolder,
  versionsOf,
} from './modelFolder.ts';
export type { ModelFile, ModelFolder, VersionFolder } from './modelFolder.ts';
