import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRandom } from '@onda/series';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { findRedis, MemoryState, openStores, RedisCluster, RedisServer } from '@onda/serving/testing';
import type { Change } from '@onda/serving/testing';
import { bytesPerSequence, capacityPlan, planRow } from './capacity/capacityPlan.ts';
import { simulateSequences } from './capacity/simulateSequences.ts';

const ROW = 32;
const limits = { most: 1_000_000, idleMs: 600_000, ageMs: 600_000 };
const first: Change = {
  expectedSteps: 0,
  expectedVersion: '',
  version: `1/${'f'.repeat(12)}/${'0'.repeat(8)}`,
  row: new Int32Array(ROW),
  steps: 1,
  samples: 1,
  last: undefined,
  end: false,
};
/** As long as those that clients make up. */
const idOf = (index: number): string => `0d5ce4a4-7a3b-4b52-9c1e-${String(index).padStart(12, '0')}`;

/** Bytes that are in use once what is not is thrown away. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes that a live sequence takes on the nodes of a store. */
async function redisBytes(url: string, nodes: readonly string[]): Promise<number> {
  const count = 4_096;
  const stores = await openStores(url, () => undefined);
  const clients = nodes.map((node) => new Redis(node));
  const used = async (): Promise<number> => {
    const infos = await Promise.all(clients.map((client) => client.info('memory')));
    return infos.reduce((sum, info) => sum + Number(/used_memory:(\d+)/.exec(info)?.[1]), 0);
  };
  const state = stores.open('m', limits, ROW);
  await state.compareAndSwap('before', first);
  const before = await used();
  for (let from = 0; from < count; from += 512) {
    // Side by side: this Redis writes to the disk before it answers.
    await Promise.all(
      Array.from({ length: 512 }, async (_, index) => state.compareAndSwap(idOf(from + index), first)),
    );
  }
  const each = ((await used()) - before) / count;
  for (const client of clients) client.disconnect();
  await stores.close();
  return each;
}

describe('docs/deploying.md', () => {
  it('has the rows that the plan gives', async () => {
    const text = await readFile(new URL('../../../docs/deploying.md', import.meta.url), 'utf8');
    for (const live of [1e3, 1e6, 1e8]) {
      for (const intervalS of [1, 60]) expect(text).toContain(planRow(capacityPlan(live, intervalS)));
    }
    for (const bytes of Object.values(bytesPerSequence)) expect(text).toContain(`${bytes} bytes`);
  });

  it('plans with at least the measured memory of a live sequence', () => {
    const count = 100_000;
    const before = usedBytes();
    const state = new MemoryState(limits);
    for (let index = 0; index < count; index++) void state.compareAndSwap(idOf(index), first);
    const each = (usedBytes() - before) / count;
    expect(state.size).toBe(count);
    expect(each).toBeLessThan(bytesPerSequence.memory);
    // Nor on twice as much, which would be no plan.
    expect(each).toBeGreaterThan(bytesPerSequence.memory / 2);
  });

  it.skipIf(findRedis() === undefined)('and in Redis', async () => {
    const server = await RedisServer.start();
    const each = await redisBytes(server.url, [server.url]);
    expect(each).toBeLessThan(bytesPerSequence.redis);
    expect(each).toBeGreaterThan(bytesPerSequence.redis / 2);
    await server.stop();
  });

  it.skipIf(findRedis() === undefined)('and on the masters of a Redis Cluster', async () => {
    const cluster = await RedisCluster.start(0);
    const nodes = cluster.url.replace('redis://', '').split(',');
    const each = await redisBytes(
      cluster.url,
      nodes.map((node) => `redis://${node}`),
    );
    expect(each).toBeLessThan(bytesPerSequence.cluster);
    expect(each).toBeGreaterThan(bytesPerSequence.cluster / 2);
    await cluster.stop();
  });

  it('matches the simulated number of live sequences, which start, step, end and expire', () => {
    const traffic = { arrivals: 50, durationS: 120, intervalS: 1, ending: 0.8, idleS: 60 };
    const { live, steps } = simulateSequences(traffic, 3600, createRandom(7));
    // Little's law: those that are stepped, and those whose clients left them.
    const stepped = traffic.arrivals * traffic.durationS;
    const left = traffic.arrivals * (1 - traffic.ending) * traffic.idleS;
    // 3 %: a mean over half an hour of Poisson arrivals, and steps counted whole.
    expect(Math.abs(live / (stepped + left) - 1)).toBeLessThan(0.03);
    expect(Math.abs(steps / (stepped / traffic.intervalS) - 1)).toBeLessThan(0.03);
  });
});
