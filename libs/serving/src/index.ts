export { openServing, Serving } from './serving.ts';
export type { ServingOptions } from './serving.ts';
export { limits } from './limits.ts';
export { failureText } from './errors.ts';
export { setSerialInterval } from './setSerialInterval.ts';

export type { InferCall } from './infer.ts';
export type { GenerateCall } from './generation/generation.ts';
export type { SequenceCall } from './sequences/sequenceDocument.ts';
export type { RequestTrace } from './batchQueue.ts';

export { modelControls } from './models/repositoryLoader.ts';
export type { IndexEntry, RepositoryControl, RepositoryOptions } from './models/repositoryLoader.ts';
export type { ModelOptions } from './models/configOptions.ts';
export { ModelRepository } from './models/modelRepository.ts';
export type { ServedModel } from './models/servedModel.ts';
export { batchBuckets, failureReasons, firstResponseBuckets, ModelStats } from './modelStats.ts';
export type { Latencies } from './modelStats.ts';

export { circuitStates } from './sequences/circuit.ts';
export type { StoreStatus } from './sequences/openStore.ts';
