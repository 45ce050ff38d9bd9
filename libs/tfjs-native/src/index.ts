export { openBackend, wantedByEnvironment } from './openBackend.ts';
export type { BackendName, OpenBackend, OpenBackendOptions } from './openBackend.ts';
