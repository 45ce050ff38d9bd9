export { createWorkerRuntime, serveRuntime } from './workerRuntime.ts';
export type { WasmOptions } from './webRuntime.ts';
export { createWebRuntime } from './webRuntime.ts';
export type { Port } from './workerRuntime.ts';
