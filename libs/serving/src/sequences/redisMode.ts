import { ConfigError } from '@onda/contract';
import type { RedisAddress } from '@onda/contract';
import { Redis } from 'ioredis';
import { COMMAND_MS, CONNECT_MS } from './redisClient.ts';

/**
 * Whether the address is that of a Redis Cluster; asks its nodes in turn until one replies.
 *
 * @throws ConfigError for a cluster that does not serve all its slots, and if none of several nodes replies
 */
export async function isCluster({ seeds, connection, shown }: RedisAddress): Promise<boolean> {
  let problem = '';
  for (const { host, port } of seeds) {
    const client = new Redis({
      ...connection,
      host,
      port,
      db: 0,
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
    });
    // Without a listener ioredis prints each error.
    client.on('error', (error: Error) => (problem = error.message || problem));
    try {
      await client.connect();
      const info = await client.info().catch(() => '');
      if (!/^redis_mode:cluster/m.test(info)) return false;
      const state = /^cluster_state:(\S+)/m.exec(await client.cluster('INFO'))?.[1] ?? '';
      if (state === 'ok') return true;
      problem = `cluster_state:${state}`;
    } catch (error) {
      problem ||= (error as Error).message;
    } finally {
      client.disconnect();
    }
  }
  if (problem.startsWith('cluster_state')) {
    throw new ConfigError(
      `sequence store ${shown}: expected a Redis Cluster that is ok, got ${problem}; start its nodes and assign all slots`,
    );
  }
  // RedisLink reports what is wrong with a single Redis.
  if (seeds.length === 1) return false;
  throw new ConfigError(
    `sequence store ${shown}: expected a reachable node of a Redis Cluster, got ${problem}; start it, correct the addresses or use memory`,
  );
}
