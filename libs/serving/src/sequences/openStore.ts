import { MemoryState } from './memoryState.ts';
import { answerBudgetBytes, PlainByteBudget } from './byteBudget.ts';
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
 * @param store     `memory`, or a URL of Redis
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
          new PlainByteBudget(answerBudgetBytes(limits.most, rowSize)),
        ),
      status: undefined,
      close: () => Promise.resolve(),
    };
  }
  const [{ RedisLink }, { RedisState }] = await Promise.all([
    import('./redisLink.ts'),
    import('./redisState.ts'),
  ]);
  const link = await RedisLink.open(store, onWarning);
  return {
    open: (name, limits) => new RedisState(link, name, limits),
    status: link,
    close: () => link.close(),
  };
}
