// The entry of the worker thread or process: plain JavaScript, because on Node 20 a worker does not get the TypeScript loader that
// its parent runs under.
import { register } from 'tsx/esm/api';

register();
await import('./sessionWorker.ts');
