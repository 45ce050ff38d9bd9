import { floatTensor } from '@onda/runtime';
import { Redis } from 'ioredis';
import { readRedisAddress } from '@onda/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisLink } from '../src/sequences/redisLink.ts';
import { RedisState } from '../src/sequences/redisState.ts';
import type { LastStep, SequenceLimits } from '../src/sequences/sequenceStore.ts';
import { findRedis, RedisServer } from '../src/testing/redisServer.ts';
import { change, outcome, until } from './support/changes.ts';

const limits: SequenceLimits = { most: 2, idleMs: 60_000, ageMs: 100_000 };
const hasRedis = findRedis() !== undefined;

let redis: RedisServer;
let link: RedisLink;
const changes: string[] = [];

beforeAll(async () => {
  if (!hasRedis) return;
  redis = await RedisServer.start();
  link = await RedisLink.open(readRedisAddress(redis.url, 'sequence store'), (text) => changes.push(text));
});
afterAll(async () => {
  await link.close();
  await redis.stop();
});

let names = 0;
const redisState = (more: Partial<typeof limits> = {}): RedisState =>
  new RedisState(link, `test-${++names}`, { ...limits, ...more });

describe.skipIf(!hasRedis)(RedisState, () => {
  it('limits the live sequences across all clients', async () => {
    const [one, other] = [redisState(), redisState()];
    const shared = new RedisState(link, `test-${names}`, limits);
    await other.compareAndSwap('a', change(1));
    await shared.compareAndSwap('b', change(1));
    expect(await shared.compareAndSwap('c', change(1))).toEqual({ kind: 'full', ofClient: false });
    expect(await other.compareAndSwap('a', change(2, { end: true }))).toMatchObject({ kind: 'done' });
    expect(await shared.compareAndSwap('c', change(1))).toMatchObject({ kind: 'done' });
    expect(await one.compareAndSwap('c', change(1))).toMatchObject({ kind: 'done' });
  });

  it('evicts idle sequences, and reports them', async () => {
    const state = redisState({ idleMs: 1000, ageMs: 1500 });
    const old = redisState({ ageMs: 1 });
    await state.compareAndSwap('a', change(1));
    await old.compareAndSwap('a', change(1));
    await until(async () => (await state.find('a', undefined))?.kind !== 'live');
    expect(await state.find('a', undefined)).toMatchObject({ why: 'expired after 1 seconds without a step' });
    expect(await old.find('a', undefined)).toMatchObject({ why: 'expired 0.001 seconds after its start' });
    expect(await state.compareAndSwap('a', change(2))).toEqual({ kind: 'conflict' });
    state.sweep();
    await until(() => Promise.resolve(state.counts('v').expired === 1));
    expect(state.counts('v').live).toBe(0);
    await until(async () => (await state.find('a', undefined)) === undefined);
  });

  it('reads a kept response only for its own step, and bounds its size', async () => {
    const state = redisState();
    const operator = new Redis(redis.url);
    const sent = async (): Promise<number> =>
      Number(/total_net_output_bytes:(\d+)/.exec(await operator.info('stats'))?.[1]);
    const last = (values: number): LastStep => ({
      step: 1,
      samples: 10,
      inputs: { x: floatTensor([1, values], new Float32Array(values)) },
      tensors: {},
    });
    await state.compareAndSwap('a', change(1, { last: last(200_000) }));
    const before = await sent();
    for (let look = 0; look < 10; look++) await state.find('a', 3);
    await state.find('a', undefined);
    expect((await sent()) - before).toBeLessThan(20_000);
    expect((await state.find('a', 1))?.last?.inputs.x.data).toHaveLength(200_000);
    await expect(state.compareAndSwap('b', change(1, { last: last(300_000) }))).rejects.toMatchObject({
      status: 413,
    });
    operator.disconnect();
  });

  it('lets one of two concurrent changes succeed', async () => {
    const state = redisState();
    const kept = await Promise.all([1, 2, 3].map(() => state.compareAndSwap('a', change(1))));
    expect(kept.map(({ kind }) => kind).sort()).toEqual(['conflict', 'conflict', 'done']);
  });
});

describe.skipIf(!hasRedis)(RedisLink, () => {
  const away =
    'the sequence store (Redis) is unavailable; retry in a moment, with the same sequence_step if the request had one';

  it('rejects at once while Redis is down, and continues with its state when it is back', async () => {
    const state = redisState();
    await state.compareAndSwap('a', change(1));
    await redis.kill();
    await until(async () => (await outcome(state)) === away);
    expect(await outcome(state)).toBe(away);
    await redis.restart();
    await until(async () => (await outcome(state)) === 'live');
    expect(changes).toEqual([
      `Redis at ${redis.url} is unreachable; steps of sequences get 503 until it is reachable`,
      `Redis at ${redis.url} is reachable again`,
    ]);
    expect(state.failures).toBeGreaterThan(0);
  });

  it('stops calling a Redis that does not reply, and retries', async () => {
    const state = redisState();
    await state.compareAndSwap('a', change(1));
    redis.pause();
    expect(await Promise.all([1, 2, 3].map(() => outcome(state)))).toEqual([away, away, away]);
    redis.resume();
    await until(async () => (await outcome(state)) === 'live');
  });

  it('reports a missing Redis', async () => {
    await expect(
      RedisLink.open(readRedisAddress('redis://user:secret@127.0.0.1:1', 'sequence store'), () => undefined),
    ).rejects.toThrow(
      /^sequence store redis:\/\/127\.0\.0\.1:1: expected a reachable Redis, got connect ECONNREFUSED 127\.0\.0\.1:1; start it, correct the address or use memory$/,
    );
  });
});
