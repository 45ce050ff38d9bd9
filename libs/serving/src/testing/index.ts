export { RedisCluster } from './redisCluster.ts';
export { findRedis, freePort, RedisServer } from './redisServer.ts';
export { servingOf, simpleModel } from './simpleModel.ts';
export { countRequest } from '../modelStats.ts';
export { ModelBudget } from '../models/loadVersion.ts';
export { RepositoryLoader } from '../models/repositoryLoader.ts';
export { MemoryState } from '../sequences/memoryState.ts';
export { openStores } from '../sequences/openStore.ts';
export type { Change } from '../sequences/sequenceStore.ts';
