import { serveRuntime } from './workerRuntime.ts';
import { createWebRuntime } from './webRuntime.ts';

// The inference worker: create it with `new Worker(...)` and pass it to `createWorkerRuntime` in the page.
serveRuntime(createWebRuntime(), self);
