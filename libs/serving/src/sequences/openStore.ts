import { ConfigError, readRedisAddress, SharedByteBudget } from '@onda/contract';
import { answerBudgetBytes } from './keptAnswers.ts';
import { MemoryState } from './memoryState.ts';
import type { RedisLink } from './redisLink.ts';
import type { SequenceLimits, SequenceStore } from './sequenceStore.ts';

/** State of the connection to a store outside this process. */
export type StoreStatus = Pick<RedisLink, 'circuit' | 'connected' | 'reconnects'>;

/** The sequence stores of all models. */
export interface SequenceStores {
  /**
   * Opens the sequences of one model.
   *
   * @param rowSize words of one sequence's row
   */
  open(name: string, limits: SequenceLimits, rowSize: number): SequenceStore;
  /** Undefined for stores in this process's memory. */
  readonly status: StoreStatus | undefined;
  close(): Promise<void>;
}

/**
 * Opens the sequence stores. The Redis client is loaded only when it is used.
 *
 * @param store     `memory`, or a URL of a Redis or of nodes of a Redis Cluster, which is recognized
 * @param onWarning called with a sentence when the connection to Redis is lost or restored
 * @throws ConfigError if Redis is not reachable
 */
export async function openStores(store: string, onWarning: (text: string) => void): Promise<SequenceStores> {
  if (store === 'memory') {
    return {
      open: (_name, limits, rowSize) =>
        new MemoryState(
          limits,
          () => performance.now(),
          new SharedByteBudget(answerBudgetBytes(limits.most, rowSize)),
        ),
      status: undefined,
      close: () => Promise.resolve(),
    };
  }
  const [{ isCluster }, { RedisLink }, { RedisState }] = await Promise.all([
    import('./redisMode.ts'),
    import('./redisLink.ts'),
    import('./redisState.ts'),
  ]);
  const address = readRedisAddress(store, 'sequence store');
  if (await isCluster(address)) {
    const [{ ClusterLink }, { ClusterState }] = await Promise.all([
      import('./clusterLink.ts'),
      import('./clusterState.ts'),
    ]);
    const link = await ClusterLink.open(address, onWarning);
    return {
      open: (name, limits) => new ClusterState(link, name, limits),
      status: link,
      close: () => link.close(),
    };
  }
  if (address.seeds.length > 1) {
    throw new ConfigError(
      `sequence store ${address.shown}: expected nodes of a Redis Cluster, since there are several, got a standalone Redis; name one`,
    );
  }
  const link = await RedisLink.open(address, onWarning);
  return {
    open: (name, limits) => new RedisState(link, name, limits),
    status: link,
    close: () => link.close(),
  };
}
