import { MemoryState } from './memoryState.ts';
import { RedisLink } from './redis/redisLink.ts';
import { keyPrefix, RedisState } from './redis/redisState.ts';
import type { OpenState } from './sequenceState.ts';

/** Where the service keeps its sequences. */
export interface States {
  readonly open: OpenState;
  close(): Promise<void>;
}

/** In this process alone. */
export const memory = 'memory';

/**
 * @param place     `memory`, or a URL of Redis
 * @param onWarning told in one sentence when Redis goes away and when it is back
 * @throws ConfigError if no Redis answers there
 */
export async function openStates(place: string, onWarning: (text: string) => void): Promise<States> {
  if (place === memory) {
    return {
      open: ({ limits, rowSize }) => new MemoryState(limits, rowSize),
      close: () => Promise.resolve(),
    };
  }
  const link = await RedisLink.open(place, onWarning);
  return {
    open: ({ name, version, fileHash, limits }) =>
      new RedisState(link, keyPrefix(name, version, fileHash), limits),
    close: () => link.close(),
  };
}
