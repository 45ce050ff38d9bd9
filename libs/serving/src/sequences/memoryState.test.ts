import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RuntimeTensor } from '@onda/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryState } from './memoryState.ts';
import type { Change } from './sequenceStore.ts';

const limits = { most: 5000, idleMs: 100, ageMs: 250 };

let now: number;
let looks: number;
let state: MemoryState;
beforeEach(() => {
  now = 0;
  looks = 0;
  state = new MemoryState(limits, () => {
    looks++;
    return now;
  });
});

const change = (steps: number): Change => ({
  expectedSteps: steps - 1,
  expectedVersion: 'v',
  version: 'v',
  row: Int32Array.of(steps),
  steps,
  samples: steps,
  last: undefined,
  end: false,
});

const live = (): string[] => ['a', 'b', 'c'].filter((id) => state.find(id)?.kind === 'live');

describe('sweep', () => {
  it('evicts by idle time, in any order of starts', () => {
    for (const id of ['a', 'b', 'c']) void state.compareAndSwap(id, change(1));
    now = 60;
    void state.compareAndSwap('a', change(2));
    now = 100;
    state.sweep();
    expect(state.counts('v')).toMatchObject({ live: 1, expired: 2 });
    expect(live()).toEqual(['a']);
    expect(state.find('b')).toMatchObject({
      kind: 'ended',
      why: 'expired after 0.1 seconds without a step',
    });
  });

  it('evicts by age, even after a recent step', () => {
    void state.compareAndSwap('a', change(1));
    now = 90;
    void state.compareAndSwap('b', change(1));
    for (let step = 2; step < 6; step++) {
      now = step * 50;
      void state.compareAndSwap('a', change(step));
      void state.compareAndSwap('b', change(step));
    }
    expect(now).toBe(250);
    state.sweep();
    expect(live()).toEqual(['b']);
    expect(state.find('a')).toMatchObject({ why: 'expired 0.25 seconds after its start' });
  });

  it('skips a sequence with a running step, and continues with the next', () => {
    for (const id of ['a', 'b']) void state.compareAndSwap(id, change(1));
    state.pin('a', false);
    now = 100;
    state.sweep();
    expect([state.size, live()]).toEqual([1, ['a']]);
    state.unpin('a', false);
    state.sweep();
    expect(state.size).toBe(0);
  });

  it('visits only due sequences, however many live, also for a start at the limit', () => {
    for (let index = 0; index < limits.most; index++) void state.compareAndSwap(`s${index}`, change(1));
    looks = 0;
    state.sweep();
    expect(() => {
      state.pin('one more', true);
    }).toThrow('5000 sequences are live already');
    // The first of each order, at each of both, and the sweep of those that are gone.
    expect(looks).toBeLessThan(10);
    now = 100;
    state.pin('one more', true);
    expect(state.size).toBe(0);
  });

  it('expires many sequences in several sweeps', () => {
    const many = new MemoryState({ ...limits, most: 100_000 }, () => now);
    for (let index = 0; index < 50_000; index++) void many.compareAndSwap(`s${index}`, change(1));
    now = 100;
    many.sweep();
    expect(many.size).toBe(40_000);
    // An expired record that is still stored counts as ended.
    expect(many.find('s49999')).toMatchObject({ kind: 'ended' });
    for (let look = 0; look < 4; look++) many.sweep();
    expect(many.counts('v')).toMatchObject({ live: 0, expired: 50_000 });
  });
});

describe('compareAndSwap', () => {
  /** A step whose answer takes so many bytes; no such memory is taken here. */
  const numbered = (steps: number, byteLength: number): Change => {
    const y = { type: 'float32', dims: [1], data: { byteLength } } as unknown as RuntimeTensor;
    return { ...change(steps), last: { step: steps, samples: steps, inputs: {}, tensors: { y } } };
  };
  const half = 128 * 1024 * 1024;

  it('changes nothing if the response for retries does not fit, and drops those of ended sequences', async () => {
    void state.compareAndSwap('a', numbered(1, half));
    void state.compareAndSwap('b', numbered(1, half));
    await expect(state.compareAndSwap('c', numbered(1, 8))).rejects.toMatchObject({ status: 503 });
    await expect(state.compareAndSwap('b', numbered(2, half + 8))).rejects.toMatchObject({ status: 503 });
    expect(state.counts('v')).toMatchObject({ live: 2, started: 2 });
    expect(state.find('b')).toMatchObject({ steps: 1 });
    expect(state.compareAndSwap('c', change(1))).toMatchObject({ kind: 'done' });
    expect(state.compareAndSwap('b', { ...numbered(2, half), end: true })).toMatchObject({ kind: 'done' });
    // It is over, and its answer can still be had.
    await expect(state.compareAndSwap('c', numbered(2, 8))).rejects.toMatchObject({ status: 503 });
    void state.compareAndSwap('b', change(1));
    expect(state.compareAndSwap('c', numbered(2, half))).toMatchObject({ kind: 'done' });
    now = 300;
    for (let sweep = 0; sweep < 2; sweep++, now += 300) state.sweep();
    void state.compareAndSwap('d', numbered(1, 2 * half));
    expect(state.find('d')).toMatchObject({ kind: 'live' });
  });

  it('bounds the number of ended sequences that are kept', () => {
    const ends = (count: number): void => {
      for (let index = 0; index < count; index++) {
        void state.compareAndSwap(`client/${'x'.repeat(100)}${index}`, { ...change(1), end: true });
      }
    };
    ends(10_000);
    expect(state.remembered).toBe(10_000);
    ends(100_000);
    expect(state.remembered).toBe(65_536);
    // The oldest is evicted, the newest is remembered.
    expect(state.find(`client/${'x'.repeat(100)}0`)).toBeUndefined();
    expect(state.find(`client/${'x'.repeat(100)}99999`)).toMatchObject({ kind: 'ended' });
  });
});

describe('forget', () => {
  it('frees what versions without sequences took, however many there were', async () => {
    const load = (version: number): void => {
      const key = String(version);
      const row = new Int32Array(100 + version);
      void state.compareAndSwap(key, { ...change(1), version: key, row, end: true });
      state.forget(key);
    };
    const bytesAfter = async (first: number, count: number): Promise<number> => {
      for (let version = first; version < first + count; version++) load(version);
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      let bytes = Infinity;
      // V8 frees the memory of array buffers on another thread, after the collection.
      for (let round = 0; round < 10; round++) {
        collect();
        await sleep(10);
        bytes = Math.min(bytes, process.memoryUsage().arrayBuffers);
      }
      return bytes;
    };
    const few = await bytesAfter(0, 10);
    const many = await bytesAfter(10, 100);
    // Each has blocks of rows of its own size, 400 KB and more.
    expect(many - few).toBeLessThan(1_000_000);
    expect(state.counts('3').started).toBe(0);
  });

  it('keeps the rows of live sequences', () => {
    void state.compareAndSwap('a', change(1));
    state.forget('other');
    void state.compareAndSwap('b', { ...change(1), row: Int32Array.of(7) });
    expect(state.find('a')).toMatchObject({ row: Int32Array.of(1) });
  });
});
