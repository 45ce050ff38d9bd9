import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { readRedisAddress } from '@onda/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisLink } from '../src/sequences/redisLink.ts';
import { RedisState } from '../src/sequences/redisState.ts';
import type { Change } from '../src/sequences/sequenceStore.ts';
import { findRedis, RedisServer } from '../src/testing/redisServer.ts';

const hasRedis = findRedis() !== undefined;
const limits = { most: 10, idleMs: 60_000, ageMs: 100_000, mostOfClient: 10 };
const refused = 'the sequence store (Redis) rejected the step, and nothing has changed; retry in a moment';

const change = (steps: number, more: Partial<Change> = {}): Change => ({
  expectedSteps: steps - 1,
  expectedVersion: 'v',
  version: 'v',
  row: Int32Array.of(steps),
  steps,
  samples: steps,
  last: undefined,
  end: false,
  ...more,
});

const messageOf = async (promise: unknown): Promise<string> => {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
};

const startOf = async (place: string): Promise<string> => {
  const opened = RedisLink.open(readRedisAddress(place, 'sequence store'), () => undefined);
  return messageOf(opened.then((link) => link.close()));
};

let redis: RedisServer;
/** As its operator. */
let operator: Redis;
beforeAll(async () => {
  if (!hasRedis) return;
  redis = await RedisServer.start();
  operator = new Redis(redis.url);
});
afterAll(async () => {
  operator.disconnect();
  await redis.stop();
});

describe.skipIf(!hasRedis)('a Redis that refuses', () => {
  const warnings: string[] = [];
  let link: RedisLink;
  let state: RedisState;
  beforeEach(async () => {
    warnings.length = 0;
    await operator.flushall();
    link = await RedisLink.open(readRedisAddress(redis.url, 'sequence store'), (text) => warnings.push(text));
    state = new RedisState(link, 'test', limits);
  });
  afterEach(async () => {
    await operator.config('SET', 'maxmemory', '0');
    await operator.call('REPLICAOF', 'NO', 'ONE');
    await link.close();
  });

  it('because it is full: steps change nothing, ends succeed, and one warning is logged', async () => {
    await state.compareAndSwap('ann/a', change(1));
    await state.compareAndSwap('ann/b', change(1));
    await operator.config('SET', 'maxmemory', '1');
    // More failures than open the circuit: a store that rejects is reachable, so it is tried again.
    for (let time = 0; time < 4; time++) {
      expect(await messageOf(state.compareAndSwap('ann/a', change(2)))).toBe(refused);
      expect(await messageOf(state.compareAndSwap('ann/c', change(1)))).toBe(refused);
    }
    expect(link.circuit).toBe('closed');
    expect(await state.find('ann/a', undefined)).toMatchObject({
      kind: 'live',
      steps: 1,
      row: Int32Array.of(1),
    });
    expect(await state.find('ann/c', undefined)).toBeUndefined();
    expect(await state.compareAndSwap('ann/b', change(2, { end: true }))).toMatchObject({ kind: 'done' });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Redis at redis:\/\/127\.0\.0\.1:\d+ rejects commands \(OOM .*\); their steps get 503$/,
      ),
    ]);
    await operator.config('SET', 'maxmemory', '0');
    expect(await state.compareAndSwap('ann/a', change(2))).toMatchObject({ kind: 'done' });
  });

  it('because it became a replica: its name is resolved again', async () => {
    await state.compareAndSwap('ann/a', change(1));
    await operator.call('REPLICAOF', '127.0.0.1', '1');
    expect(await messageOf(state.compareAndSwap('ann/a', change(2)))).toBe(refused);
    expect(warnings[0]).toContain('rejects commands (READONLY');
    await expect.poll(() => link.reconnects).toBe(1);
    await operator.call('REPLICAOF', 'NO', 'ONE');
    expect(await state.compareAndSwap('ann/a', change(2))).toMatchObject({ kind: 'done' });
  });

  it('sets an expiry on every key', async () => {
    await state.compareAndSwap('ann/a', change(1));
    await state.compareAndSwap('ann/b', change(1, { end: true }));
    const keys = await operator.keys('onda:*');
    expect(keys).toHaveLength(5);
    for (const key of keys) expect([key, (await operator.pttl(key)) > 0]).toEqual([key, true]);
  });

  it('does not warn of a connection that is closed deliberately', async () => {
    await link.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(warnings).toEqual([]);
  });
});

describe.skipIf(!hasRedis)('a network that swallows what is sent', () => {
  let proxy: Server;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    proxy = createServer((socket) => {
      const upstream = connect(Number(new URL(redis.url).port), '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      sockets.push(socket, upstream);
      for (const one of [socket, upstream]) one.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('does not hold up sequences for as long as TCP would wait', { timeout: 30_000 }, async () => {
    const { port } = proxy.address() as AddressInfo;
    const link = await RedisLink.open(
      readRedisAddress(`redis://127.0.0.1:${port}`, 'sequence store'),
      () => undefined,
    );
    const state = new RedisState(link, 'swallowed', limits);
    await state.compareAndSwap('a', change(1));
    // The connections stay open, and nothing comes through any more; new ones are as before.
    for (const socket of sockets) socket.unpipe().pause();
    expect(await messageOf(state.find('a', undefined))).toContain('is unavailable');
    await expect
      .poll(async () => messageOf(state.find('a', undefined)), { timeout: 15_000, interval: 200 })
      .toBe('no error');
    expect(link.reconnects).toBe(1);
    await link.close();
  });
});

describe.skipIf(!hasRedis)('the start', () => {
  it('refuses a replica, which could not be written to', async () => {
    const { port } = new URL(redis.url);
    const replica = await RedisServer.start(['--replicaof', '127.0.0.1', port]);
    expect(await startOf(replica.url)).toBe(
      `sequence store ${replica.url}: expected a writable Redis, got a replica; give the address of its primary, or a name that resolves to it`,
    );
    await replica.stop();
  });

  it('warns of a Redis that drops live sequences when it is full', async () => {
    const warnings: string[] = [];
    const cache = await RedisServer.start(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    await (
      await RedisLink.open(readRedisAddress(cache.url, 'sequence store'), (text) => warnings.push(text))
    ).close();
    expect(warnings).toEqual([
      `Redis at ${cache.url} evicts live sequences when it is full (maxmemory-policy allkeys-lru); set it to noeviction, so that it rejects new steps instead`,
    ]);
    await cache.stop();
  });

  it('rejects a missing database', async () => {
    expect(await startOf(`${redis.url}/16`)).toBe(
      `sequence store ${redis.url}/16: expected a reachable Redis, got ERR DB index is out of range; start it, correct the address or use memory`,
    );
    expect(await startOf(`${redis.url}/15`)).toBe('no error');
  });

  it('accepts a password, and never logs it', async () => {
    const locked = await RedisServer.start(['--requirepass', 'right']);
    const { port } = new URL(locked.url);
    expect(await startOf(`redis://:right@127.0.0.1:${port}`)).toBe('no error');
    for (const place of [locked.url, `redis://:wrong@127.0.0.1:${port}`]) {
      const said = await startOf(place);
      expect(said).toMatch(
        /^sequence store redis:\/\/127\.0\.0\.1:\d+: expected a reachable Redis, got .*(NOAUTH|WRONGPASS)/,
      );
      expect(said).not.toContain('wrong@');
    }
    await locked.stop();
  });

  it('rejects a server that accepts connections and does not reply', async () => {
    redis.pause();
    const said = await startOf(redis.url);
    redis.resume();
    expect(said).toMatch(/: expected a reachable Redis, got .*timed out/);
  });
});
