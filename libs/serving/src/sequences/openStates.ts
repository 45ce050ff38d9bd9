import { MemoryState } from './memoryState.ts';
import type { RedisLink } from './redis/redisLink.ts';
import type { OpenState } from './sequenceState.ts';

/** A store beyond this process: how it does. */
export type StateStore = Pick<RedisLink, 'circuit' | 'connected' | 'reconnects'>;

/** Where the service keeps its sequences. */
export interface States {
  readonly open: OpenState;
  /** undefined: this process's memory. */
  readonly store: StateStore | undefined;
  close(): Promise<void>;
}

/** In this process alone. */
export const memory = 'memory';

/**
 * Redis's client is loaded where it is asked for alone.
 *
 * @param place     `memory`, or a URL of Redis
 * @param onWarning told in one sentence when Redis goes away and when it is back
 * @throws ConfigError if no Redis answers there
 */
export async function openStates(place: string, onWarning: (text: string) => void): Promise<States> {
  if (place === memory) {
    return {
      open: ({ limits, rowSize }) => new MemoryState(limits, rowSize),
      store: undefined,
      close: () => Promise.resolve(),
    };
  }
  const [{ RedisLink }, { keyPrefix, RedisState }] = await Promise.all([
    import('./redis/redisLink.ts'),
    import('./redis/redisState.ts'),
  ]);
  const link = await RedisLink.open(place, onWarning);
  return {
    open: ({ name, version, fileHash, limits }) =>
      new RedisState(link, keyPrefix(name, version, fileHash), limits),
    store: link,
    close: () => link.close(),
  };
}
