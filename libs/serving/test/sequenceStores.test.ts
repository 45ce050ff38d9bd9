import { floatTensor } from '@onda/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryState } from '../src/sequences/memoryState.ts';
import { openStores } from '../src/sequences/openStore.ts';
import type { SequenceStores } from '../src/sequences/openStore.ts';
import { tooManySequences } from '../src/sequences/sequenceErrors.ts';
import type { LastStep, SequenceLimits, SequenceStore } from '../src/sequences/sequenceStore.ts';
import { RedisCluster } from '../src/testing/redisCluster.ts';
import { findRedis, RedisServer } from '../src/testing/redisServer.ts';
import { change } from './support/changes.ts';

const limits: SequenceLimits = { most: 2, idleMs: 60_000, ageMs: 100_000 };
const hasRedis = findRedis() !== undefined;

let redis: RedisServer;
let cluster: RedisCluster;
const opened: SequenceStores[] = [];
let names = 0;
const stores = {
  redis: (some: SequenceLimits): SequenceStore => opened[0].open(`test-${++names}`, some, 3),
  cluster: (some: SequenceLimits): SequenceStore => opened[1].open(`test-${++names}`, some, 3),
};

beforeAll(async () => {
  if (!hasRedis) return;
  [redis, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start(0)]);
  for (const { url } of [redis, cluster]) opened.push(await openStores(url, () => undefined));
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await Promise.all([redis.stop(), cluster.stop()]);
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceStore]>([
  ['in memory', () => new MemoryState({ ...limits, most: 4, mostOfClient: 1 }, () => 0)],
  ['in Redis', () => stores.redis({ ...limits, most: 4, mostOfClient: 1 })],
  ['in a Redis Cluster', () => stores.cluster({ ...limits, most: 4, mostOfClient: 1 })],
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
    // A cluster gives the place back a moment later.
    await expect.poll(() => begin('ann/2', true)).toBe('done');
    await expect.poll(() => begin('ann/3')).toBe('done');
    expect(await begin('ann/4')).toBe(full);
  });
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceStore]>([
  ['in memory', () => new MemoryState(limits, () => 0)],
  ['in Redis', () => stores.redis(limits)],
  ['in a Redis Cluster', () => stores.cluster(limits)],
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

  it('copy a row before they wait for anything', async () => {
    const state = open();
    // The buffer of a version's rows is used again for the next row at once.
    const row = Int32Array.of(1, 2, 3);
    const one = state.compareAndSwap('a', change(1, { row }));
    row.fill(7);
    const other = state.compareAndSwap('b', change(1, { row }));
    row.fill(9);
    expect([await one, await other]).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
    expect(await state.find('a', undefined)).toMatchObject({ row: Int32Array.of(1, 2, 3) });
    expect(await state.find('b', undefined)).toMatchObject({ row: Int32Array.of(7, 7, 7) });
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
