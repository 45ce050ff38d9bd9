import { floatTensor } from '@onda/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryState, RedisLink, RedisState, tooManySequences } from '@onda/serving';
import type { Change, LastStep, SequenceLimits, SequenceState } from '@onda/serving';
import { findRedis, RedisServer } from './support/redisServer.ts';

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
  new RedisState(link, `onda:{test-${++names}}`, { ...limits, ...more });

const change = (steps: number, more: Partial<Change> = {}): Change => ({
  expected: steps - 1,
  row: Int32Array.of(steps, -1, 0x7fa00001),
  steps,
  samples: steps * 10,
  last: undefined,
  end: false,
  ...more,
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceState]>([
  ['in memory', () => new MemoryState({ ...limits, most: 4, mostOfClient: 1 }, 3, () => 0)],
  ['in Redis', () => redisState({ most: 4, mostOfClient: 1 })],
])('the share of a client %s', (_name, open) => {
  it('bounds its sequences and no other client, and is free again when one ends', async () => {
    const state = open();
    const begin = async (id: string, end = false): Promise<string> => {
      try {
        state.hold(id, true);
      } catch (error) {
        return (error as Error).message;
      }
      const kept = await state.keep(id, change(1, { end }));
      state.letGo(id, true);
      return kept.kind === 'full' ? tooManySequences(state.limits, kept.ofClient).message : kept.kind;
    };
    const full =
      '1 sequences of this client live already, as many as it may have; end one, or try again in a moment';
    expect(await begin('ann/1')).toBe('kept');
    expect(await begin('ann/2')).toBe(full);
    expect(await begin('ben/1')).toBe('kept');
    expect(await state.keep('ann/1', change(2, { end: true }))).toMatchObject({ kind: 'kept' });
    expect(await begin('ann/2', true)).toBe('kept');
    expect(await begin('ann/3')).toBe('kept');
    expect(await begin('ann/4')).toBe(full);
  });
});

describe.skipIf(!hasRedis).each<[name: string, open: () => SequenceState]>([
  ['in memory', () => new MemoryState(limits, 3, () => 0)],
  ['in Redis', redisState],
])('sequences %s', (_name, open) => {
  it('keep a change when it follows on what is there, and only then', async () => {
    const state = open();
    expect(await state.find('a')).toBeUndefined();
    expect(await state.keep('a', change(2))).toEqual({ kind: 'moved' });
    expect(await state.keep('a', change(1))).toEqual({ kind: 'kept', expiresInMs: 60_000 });
    expect(await state.keep('a', change(1))).toEqual({ kind: 'moved' });
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
    expect(await state.keep('a', change(2, { last }))).toMatchObject({ kind: 'kept' });
    expect(await state.find('a')).toMatchObject({
      kind: 'live',
      row: Int32Array.of(2, -1, 0x7fa00001),
      steps: 2,
      samples: 20,
      last,
    });
  });

  it('tell of those that have ended, and begin them anew', async () => {
    const state = open();
    await state.keep('a', change(1, { end: true }));
    expect(await state.find('a')).toMatchObject({ kind: 'gone', why: 'has ended' });
    expect(await state.keep('a', change(2))).toEqual({ kind: 'moved' });
    expect(await state.keep('a', change(1))).toMatchObject({ kind: 'kept' });
    expect(await state.find('a')).toMatchObject({ kind: 'live', steps: 1 });
    expect(state).toMatchObject({ started: 2, ended: 1, expired: 0 });
  });
});

describe.skipIf(!hasRedis)(RedisState, () => {
  it('takes no more than may live, whoever begins them', async () => {
    const [one, other] = [redisState(), redisState()];
    const shared = new RedisState(link, `onda:{test-${names}}`, limits);
    await other.keep('a', change(1));
    await shared.keep('b', change(1));
    expect(await shared.keep('c', change(1))).toEqual({ kind: 'full', ofClient: false });
    expect(await other.keep('a', change(2, { end: true }))).toMatchObject({ kind: 'kept' });
    expect(await shared.keep('c', change(1))).toMatchObject({ kind: 'kept' });
    expect(await one.keep('c', change(1))).toMatchObject({ kind: 'kept' });
  });

  it('forgets what nobody steps, and says so', async () => {
    const state = redisState({ idleMs: 1000, ageMs: 1500 });
    const old = redisState({ ageMs: 1 });
    await state.keep('a', change(1));
    await old.keep('a', change(1));
    await until(async () => (await state.find('a'))?.kind !== 'live');
    expect(await state.find('a')).toMatchObject({ why: 'was forgotten after 1 seconds without a step' });
    expect(await old.find('a')).toMatchObject({ why: 'was forgotten 0.001 seconds after its start' });
    expect(await state.keep('a', change(2))).toEqual({ kind: 'moved' });
    state.sweep();
    await until(() => Promise.resolve(state.expired === 1));
    expect(state.size).toBe(0);
    await until(async () => (await state.find('a')) === undefined);
  });

  it('lets one of two who change a sequence at once', async () => {
    const state = redisState();
    const kept = await Promise.all([1, 2, 3].map(() => state.keep('a', change(1))));
    expect(kept.map(({ kind }) => kind).sort()).toEqual(['kept', 'moved', 'moved']);
  });
});

describe.skipIf(!hasRedis)(RedisLink, () => {
  const away =
    'the store of the sequences (Redis) does not answer; try again in a moment, with the same sequence_step if the request had one';

  it('refuses at once while Redis is away, and goes on when it is back, with what it had', async () => {
    const state = redisState();
    await state.keep('a', change(1));
    await redis.kill();
    await until(async () => (await outcome(state)) === away);
    expect(await outcome(state)).toBe(away);
    await redis.restart();
    await until(async () => (await outcome(state)) === 'live');
    expect(changes).toEqual([
      `Redis at ${redis.url} is away; steps of sequences are answered 503 until it is back`,
      `Redis at ${redis.url} is back`,
    ]);
    expect(state.failures).toBeGreaterThan(0);
  });

  it('stops to ask a Redis that does not answer, and asks again', async () => {
    const state = redisState();
    await state.keep('a', change(1));
    redis.pause();
    expect(await Promise.all([1, 2, 3].map(() => outcome(state)))).toEqual([away, away, away]);
    redis.resume();
    await until(async () => (await outcome(state)) === 'live');
  });

  it('says when no Redis is there', async () => {
    await expect(RedisLink.open('redis://user:secret@127.0.0.1:1', () => undefined)).rejects.toThrow(
      /^--state redis:\/\/127\.0\.0\.1:1: expected a Redis that answers, got connect ECONNREFUSED 127\.0\.0\.1:1; start it, correct the address or leave --state out$/,
    );
  });
});

async function outcome(state: RedisState): Promise<string> {
  try {
    return (await state.find('a'))?.kind ?? 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
