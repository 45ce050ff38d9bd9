import { floatTensor } from '@onda/runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryState } from '../src/sequences/memoryState.ts';
import { RedisLink } from '../src/sequences/redisLink.ts';
import { RedisState } from '../src/sequences/redisState.ts';
import { tooManySequences } from '../src/sequences/sequenceErrors.ts';
import type { Change, LastStep, SequenceLimits, SequenceStore } from '../src/sequences/sequenceStore.ts';
import { findRedis, RedisServer } from '../src/testing/redisServer.ts';

const limits: SequenceLimits = { most: 2, idleMs: 60_000, ageMs: 100_000 };
const hasRedis = findRedis() !== undefined;

let redis: RedisServer;
let link: RedisLink;
const changes: string[] = [];

beforeAll(async () => {
  if (!hasRedis) return;
  redis = await RedisServer.start();
  link = await RedisLink.open(redis.url, (text) => changes.push(text));
});
afterAll(async () => {
  await link.close();
  await redis.stop();
});

let names = 0;
const redisState = (more: Partial<typeof limits> = {}): RedisState =>
  new RedisState(link, `test-${++names}`, { ...limits, ...more });

const change = (steps: number, more: Partial<Change> = {}): Change => ({
  expectedSteps: steps - 1,
  expectedVersion: 'v',
  version: 'v',
  row: Int32Array.of(steps, -1, 0x7fa00001),
  steps,
  samples: steps * 10,
  last: undefined,
  end: false,
  ...more,
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceStore]>([
  ['in memory', () => new MemoryState({ ...limits, most: 4, mostOfClient: 1 }, () => 0)],
  ['in Redis', () => redisState({ most: 4, mostOfClient: 1 })],
])('the share of a client %s', (_name, open) => {
  it('bounds its sequences and no other client, and is free again when one ends', async () => {
    const state = open();
    const begin = async (id: string, end = false): Promise<string> => {
      try {
        state.pin(id, true);
      } catch (error) {
        return (error as Error).message;
      }
      const kept = await state.compareAndSwap(id, change(1, { end }));
      state.unpin(id, true);
      return kept.kind === 'full' ? tooManySequences(state.limits, kept.ofClient).message : kept.kind;
    };
    const full =
      '1 sequences of this client are live already, which is its limit; end one, or try again in a moment';
    expect(await begin('ann/1')).toBe('done');
    expect(await begin('ann/2')).toBe(full);
    expect(await begin('ben/1')).toBe('done');
    expect(await state.compareAndSwap('ann/1', change(2, { end: true }))).toMatchObject({ kind: 'done' });
    expect(await begin('ann/2', true)).toBe('done');
    expect(await begin('ann/3')).toBe('done');
    expect(await begin('ann/4')).toBe(full);
  });
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceStore]>([
  ['in memory', () => new MemoryState(limits, () => 0)],
  ['in Redis', redisState],
])('sequences %s', (_name, open) => {
  it('write a change only if the record is the expected one', async () => {
    const state = open();
    expect(await state.find('a', undefined)).toBeUndefined();
    expect(await state.compareAndSwap('a', change(2))).toEqual({ kind: 'conflict' });
    expect(await state.compareAndSwap('a', change(1))).toEqual({ kind: 'done', expiresInMs: 60_000 });
    expect(await state.compareAndSwap('a', change(1))).toEqual({ kind: 'conflict' });
    const last = {
      step: 2,
      samples: 20,
      inputs: { x: floatTensor([1, 1], [0.5]) },
      tensors: {
        y: floatTensor([1, 2], [1.5, -2]),
        n: { type: 'int64' as const, dims: [1, 1], data: BigInt64Array.of(-3n) },
        s: { type: 'string' as const, dims: [1, 1], data: ['ä'] },
      },
    } satisfies LastStep;
    expect(await state.compareAndSwap('a', change(2, { last }))).toMatchObject({ kind: 'done' });
    expect(await state.find('a', 2)).toMatchObject({
      kind: 'live',
      version: 'v',
      row: Int32Array.of(2, -1, 0x7fa00001),
      steps: 2,
      samples: 20,
      last,
    });
  });

  it('report ended sequences, and restart them', async () => {
    const state = open();
    await state.compareAndSwap('a', change(1, { end: true }));
    expect(await state.find('a', undefined)).toMatchObject({ kind: 'ended', why: 'has ended' });
    expect(await state.compareAndSwap('a', change(2))).toEqual({ kind: 'conflict' });
    expect(await state.compareAndSwap('a', change(1))).toMatchObject({ kind: 'done' });
    expect(await state.find('a', undefined)).toMatchObject({ kind: 'live', steps: 1 });
    expect(state.counts('v')).toMatchObject({ started: 2, ended: 1, expired: 0 });
  });
});

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
    await expect(RedisLink.open('redis://user:secret@127.0.0.1:1', () => undefined)).rejects.toThrow(
      /^sequence store redis:\/\/127\.0\.0\.1:1: expected a reachable Redis, got connect ECONNREFUSED 127\.0\.0\.1:1; start it, correct the address or use memory$/,
    );
  });
});

async function outcome(state: RedisState): Promise<string> {
  try {
    return (await state.find('a', undefined))?.kind ?? 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
