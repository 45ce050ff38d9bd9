export { describeRuntime } from './describeRuntime.ts';
export type { FixtureFile, RuntimeSuite } from './describeRuntime.ts';
export { expectClose, RUNTIME_ATOL, sines } from './values.ts';
