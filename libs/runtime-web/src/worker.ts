import { serveRuntime } from './serveRuntime.ts';
import { createWebRuntime } from './webRuntime.ts';

// The whole of the inference worker: `new Worker(...)` on this file, then `createWorkerRuntime(worker)` in the page.
serveRuntime(createWebRuntime(), self);
