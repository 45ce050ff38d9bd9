export { serveRuntime } from './serveRuntime.ts';
export type { WasmOptions } from './wasmBackend.ts';
export { createWebRuntime } from './webRuntime.ts';
export type { Port } from './workerMessages.ts';
export { createWorkerRuntime } from './workerRuntime.ts';
