export { openBackend, wantedByEnvironment } from './openBackend.ts';
export type { OpenBackend, OpenBackendOptions } from './openBackend.ts';
