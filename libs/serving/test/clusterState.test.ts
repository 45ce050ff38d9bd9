import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStores } from '../src/sequences/openStore.ts';
import type { SequenceStores } from '../src/sequences/openStore.ts';
import type { SequenceLimits, SequenceStore } from '../src/sequences/sequenceStore.ts';
import { RedisCluster } from '../src/testing/redisCluster.ts';
import { findRedis, RedisServer } from '../src/testing/redisServer.ts';
import { change, outcome, until } from './support/changes.ts';

const hasRedis = findRedis() !== undefined;
const limits: SequenceLimits = { most: 100, idleMs: 60_000, ageMs: 100_000 };
const away =
  'the sequence store (Redis) is unavailable; retry in a moment, with the same sequence_step if the request had one';

let cluster: RedisCluster;
/** Two processes. */
let left: SequenceStores;
let right: SequenceStores;
const warnings: string[] = [];

beforeAll(async () => {
  if (hasRedis) cluster = await RedisCluster.start(1, 1_000);
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  warnings.length = 0;
  [left, right] = await Promise.all([1, 2].map(() => openStores(cluster.url, (text) => warnings.push(text))));
});
afterEach(async () => {
  await Promise.all([left.close(), right.close()]);
});

let names = 0;
/** The same model in both processes. */
function model(more: Partial<SequenceLimits> = {}): [SequenceStore, SequenceStore] {
  const name = `model-${++names}`;
  return [left.open(name, { ...limits, ...more }, 3), right.open(name, { ...limits, ...more }, 3)];
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);

const startOf = async (url: string): Promise<string> => {
  try {
    await (await openStores(url, () => undefined)).close();
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
};

interface Driven {
  /** Steps that were acknowledged. */
  steps: number;
  errors: string[];
}

/**
 * Steps a sequence until it is stopped. After an error it looks whether the step was made, as a client does that repeats a numbered
 * step. Every step must find the record that the previous one left.
 */
async function drive(stores: readonly SequenceStore[], key: string, stopped: () => boolean): Promise<Driven> {
  const driven: Driven = { steps: 0, errors: [] };
  let isUnsure = false;
  for (let turn = 0; !stopped(); turn++) {
    const store = stores[turn % stores.length];
    const next = driven.steps + 1;
    try {
      const found = await store.find(key, undefined);
      const steps = found?.kind === 'live' ? found.steps : 0;
      if (found?.kind === 'live') expect(found.row[0]).toBe(steps);
      if (isUnsure && steps === next) {
        driven.steps = next;
        isUnsure = false;
        continue;
      }
      expect([key, steps]).toEqual([key, driven.steps]);
      const swap = await store.compareAndSwap(key, change(next));
      if (swap.kind === 'done') driven.steps = next;
      // A step whose reply was lost may still arrive.
      else expect([swap.kind, isUnsure]).toEqual(['conflict', true]);
    } catch (error) {
      const { status, message } = error as { status?: number; message: string };
      if (status !== 503) throw error;
      driven.errors.push(message);
      isUnsure = true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return driven;
}

describe.skipIf(!hasRedis)('sequences in a Redis Cluster', { timeout: 60_000 }, () => {
  it('are on all nodes, and every key expires', async () => {
    const [store] = model({ mostOfClient: 100 });
    for (const id of ids(60))
      expect(await store.compareAndSwap(`ann/${id}`, change(1))).toMatchObject({ kind: 'done' });
    const perNode = await Promise.all(
      (await cluster.masters()).map(async (index) => {
        const keys = (await cluster.cli(index, 'KEYS', `onda:*{model-${names}*`)) as string[];
        for (const key of keys)
          expect([key, Number(await cluster.cli(index, 'PTTL', key)) > 0]).toEqual([key, true]);
        return keys.filter((key) => key.startsWith('onda:sequence:')).length;
      }),
    );
    expect(perNode.reduce((sum, count) => sum + count)).toBe(60);
    for (const count of perNode) expect(count).toBeGreaterThan(5);
  });

  it('are never more than the limit, whichever process starts them', async () => {
    const stores = model({ most: 20, mostOfClient: 15 });
    const start = async (id: string, index: number): Promise<string> => {
      const swap = await stores[index % 2].compareAndSwap(id, change(1));
      return swap.kind === 'full' && swap.ofClient ? 'share' : swap.kind;
    };
    const swaps = await Promise.all(
      ids(60).map((id, index) => start(`${index < 30 ? 'ann' : 'ben'}/${id}`, index)),
    );
    const count = (kind: string): number => swaps.filter((one) => one === kind).length;
    expect([count('done'), count('full') + count('share')]).toEqual([20, 40]);
    expect(await stores[1].count('v')).toBe(20);
    const live = ids(60)
      .map((id, index) => `${index < 30 ? 'ann' : 'ben'}/${id}`)
      .filter((_, index) => swaps[index] === 'done');
    for (const id of live.slice(0, 5)) await stores[0].compareAndSwap(id, change(2, { end: true }));
    await expect.poll(() => stores[1].count('v')).toBe(15);
    expect(await start('cleo/new', 1)).toBe('done');
  });

  it('keep their place while they are stepped, and leave it when they are abandoned', async () => {
    const [store, other] = model({ most: 1, idleMs: 400 });
    const since = performance.now();
    let steps = 0;
    // Twelve times the idle timeout: the lease is renewed again and again, and is counted once.
    while (performance.now() - since < 2_400) {
      expect(await store.compareAndSwap('a', change(++steps))).toMatchObject({ kind: 'done' });
      expect(await other.compareAndSwap('b', change(1))).toEqual({ kind: 'full', ofClient: false });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until(async () => (await other.compareAndSwap('b', change(1))).kind === 'done');
    expect(await store.find('a', undefined)).not.toMatchObject({ kind: 'live' });
    expect(store.counts('v').started).toBe(1);
  });

  it('continue while their slots move, and when scripts are flushed', async () => {
    const stores = model();
    let isStopped = false;
    const driving = ids(24).map((id) => drive(stores, id, () => isStopped));
    const slots = await Promise.all(
      ids(6).map(async (id) =>
        Number(await cluster.cli(0, 'CLUSTER', 'KEYSLOT', `onda:sequence:{model-${names}/${id}}`)),
      ),
    );
    // That of the counts too, whose keys are moved one by one.
    slots.push(Number(await cluster.cli(0, 'CLUSTER', 'KEYSLOT', `onda:leases:{model-${names}}`)));
    for (const slot of new Set(slots)) {
      const masters = await cluster.masters();
      const from = await cluster.masterOf(slot);
      const to = masters.find((index) => index !== from) ?? 0;
      await cluster.moveSlot(slot, to, () => new Promise((resolve) => setTimeout(resolve, 100)));
      await cluster.cli(to, 'SCRIPT', 'FLUSH');
    }
    isStopped = true;
    const driven = await Promise.all(driving);
    for (const slot of slots) await cluster.agreed(slot);
    expect(driven.flatMap(({ errors }) => errors)).toEqual([]);
    for (const { steps } of driven) expect(steps).toBeGreaterThan(10);
    const moved = await stores[0].compareAndSwap('after', change(1));
    expect(moved).toMatchObject({ kind: 'done' });
  });

  it('lose no acknowledged step when a master is killed and a replica takes over', async () => {
    const stores = model();
    let isStopped = false;
    const driving = ids(30).map((id) => drive(stores, id, () => isStopped));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [victim] = await cluster.masters();
    await cluster.kill(victim);
    await cluster.replaced(victim);
    await until(async () =>
      (await Promise.all(ids(30).map((id) => outcome(stores[0], id)))).every((kind) => kind === 'live'),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    isStopped = true;
    const driven = await Promise.all(driving);
    // A third of the sequences had to wait, the others continued.
    const disturbed = driven.filter(({ errors }) => errors.length > 0);
    expect(disturbed.length).toBeGreaterThan(0);
    expect(disturbed.length).toBeLessThan(30);
    for (const text of new Set(driven.flatMap(({ errors }) => errors))) {
      expect([
        away,
        expect.stringContaining('nothing has changed'),
        expect.stringContaining('not copied'),
      ]).toContainEqual(text);
    }
    expect(warnings.some((text) => text.includes('does not reply; steps of its sequences get 503'))).toBe(
      true,
    );
    await cluster.restart(victim);
    await cluster.healthy();
  });

  it('report a change that no replica has', async () => {
    const [store] = model();
    await store.compareAndSwap('a', change(1));
    const slot = Number(await cluster.cli(0, 'CLUSTER', 'KEYSLOT', `onda:sequence:{model-${names}/a}`));
    const master = await cluster.masterOf(slot);
    const replica = await cluster.replicaOf(master);
    cluster.pause(replica);
    const text = await Promise.resolve(store.compareAndSwap('a', change(2))).then(
      () => 'no error',
      (error: unknown) => (error as Error).message,
    );
    cluster.resume(replica);
    expect(text).toBe(
      'the step was not copied to a replica of the sequence store (Redis) in time; retry in a moment, with the same sequence_step if the request had one',
    );
    expect(await store.find('a', undefined)).toMatchObject({ kind: 'live', steps: 2 });
    await cluster.healthy();
    expect(await store.compareAndSwap('a', change(3))).toMatchObject({ kind: 'done' });
  });
});

describe.skipIf(!hasRedis)('the start', { timeout: 60_000 }, () => {
  it('recognizes a cluster by any of its nodes', async () => {
    const [, second] = cluster.url.replace('redis://', '').split(',');
    expect(await startOf(`redis://${second}`)).toBe('no error');
    expect(await startOf(`redis://127.0.0.1:1,${second}`)).toBe('no error');
  });

  it('rejects what a cluster does not have', async () => {
    expect(await startOf(`${cluster.url}/3`)).toBe(
      `sequence store ${cluster.url}/3: expected no database number, since a cluster has database 0 only, got 3; leave it out`,
    );
    expect(await startOf('redis://127.0.0.1:1,127.0.0.1:2')).toBe(
      'sequence store redis://127.0.0.1:1,127.0.0.1:2: expected a reachable node of a Redis Cluster, got connect ECONNREFUSED 127.0.0.1:2; start it, correct the addresses or use memory',
    );
  });

  it('rejects a node without slots, and several addresses of a standalone Redis', async () => {
    const [node, single] = await Promise.all([
      RedisServer.start(['--cluster-enabled', 'yes']),
      RedisServer.start(),
    ]);
    expect(await startOf(node.url)).toBe(
      `sequence store ${node.url}: expected a Redis Cluster that is ok, got cluster_state:fail; start its nodes and assign all slots`,
    );
    expect(await startOf(`${single.url},127.0.0.1:1`)).toBe(
      `sequence store ${single.url},127.0.0.1:1: expected nodes of a Redis Cluster, since there are several, got a standalone Redis; name one`,
    );
    await Promise.all([node.stop(), single.stop()]);
  });
});
