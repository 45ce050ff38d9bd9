import { readFile } from 'node:fs/promises';
import type { SessionOptions } from '@onda/runtime';
import { describeRuntime } from '@onda/runtime/testing';
import { describe, expect, it, vi } from 'vitest';
import { createWorkerPool } from './workerPool.ts';
import type { SessionEvents, WorkerRuntime, WorkerSession } from './workerRuntime.ts';

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describeRuntime({
  name: 'onnxruntime-node, cpu, in two worker threads',
  createRuntime: () => createWorkerPool({ provider: 'cpu', workers: 2 }),
  closeRuntime: (runtime) => (runtime as WorkerRuntime).close(),
  loadFixture: (file) => readFile(new URL(file, fixture)),
});

/** `onSlow` of the last session of a fake runtime. */
let slow: (() => void) | undefined;

/** A runtime that logs its runs, which wait until `open` is called. */
function fakeRuntime(
  name: string,
  log: string[],
  { loadMs = 1, runMs = 1 } = {},
): WorkerRuntime & { open: () => void; alive: boolean } {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const runtime = {
    name,
    alive: true,
    pending: 0,
    stalledMs: 0,
    open: () => {
      open();
    },
    createSession: (_model: Uint8Array, _options?: SessionOptions, events: SessionEvents = {}) => {
      const session: WorkerSession = {
        inputs: [],
        outputs: [],
        provider: 'fake',
        loadMs,
        run: async () => {
          log.push(name);
          runtime.pending++;
          await gate;
          runtime.pending--;
          events.onRan?.({}, runMs);
          return {};
        },
        release: () => {
          log.push(`${name} released`);
          return Promise.resolve();
        },
      };
      slow = events.onSlow;
      return Promise.resolve(session);
    },
    close: () => {
      log.push(`${name} closed`);
      return Promise.resolve();
    },
  };
  return runtime;
}

describe(createWorkerPool, () => {
  it('sends a run to the worker with the fewest pending runs, and none to one that has ended', async () => {
    const log: string[] = [];
    const fakes = ['a', 'b', 'c'].map((name) => fakeRuntime(name, log));
    let made = 0;
    const pool = await createWorkerPool({ provider: 'cpu', workers: 3 }, () =>
      Promise.resolve(fakes[made++]),
    );
    const session = await pool.createSession(new Uint8Array(1));
    const runs = [1, 2, 3].map(() => session.run({}));
    expect([...log].sort()).toEqual(['a', 'b', 'c']);
    expect(pool.pending).toBe(3);
    fakes[1].open();
    await Promise.any(runs);
    runs.push(session.run({}));
    expect(log.at(-1)).toBe('b');
    fakes[0].alive = false;
    log.length = 0;
    runs.push(...[1, 2, 3, 4].map(() => session.run({})));
    expect(log).not.toContain('a');
    expect(pool.alive).toBe(true);
    for (const fake of fakes) fake.open();
    await Promise.all(runs);
  });

  it('counts the copies of a model: one per worker and one for inline runs', async () => {
    const model = await readFile(new URL('model.onnx', fixture));
    const generator = await readFile(new URL('generator.onnx', fixture));
    const pool = await createWorkerPool({ provider: 'cpu', workers: 2 });
    const copies = [model, generator].map(
      async (file) => (await pool.createSession(file, { predictable: true })).copies,
    );
    // The generator's runs are never short: a number in the request says how long they are.
    expect(await Promise.all(copies)).toEqual([3, 2]);
    await pool.close();
  });

  it('closes all workers if one does not start', async () => {
    const log: string[] = [];
    let made = 0;
    const start = (): Promise<WorkerRuntime> =>
      ++made === 2 ? Promise.reject(new Error('does not start')) : Promise.resolve(fakeRuntime('a', log));
    await expect(createWorkerPool({ provider: 'cpu', workers: 2 }, start)).rejects.toThrow('does not start');
    expect(log).toEqual(['a closed']);
  });

  describe('isolation', () => {
    /** A pool of one fake thread `t` whose processes are `p1`, `p2`, ...; all runs end at once. */
    async function poolWith(times: {
      loadMs?: number;
      runMs?: number;
    }): Promise<{ pool: WorkerRuntime; log: string[] }> {
      const log: string[] = [];
      let processes = 0;
      const make = (name: string): Promise<WorkerRuntime> => {
        const runtime = fakeRuntime(name, log, times);
        runtime.open();
        return Promise.resolve(runtime);
      };
      const pool = await createWorkerPool(
        { provider: 'cpu', workers: 1 },
        () => make('t'),
        () => make(`p${++processes}`),
      );
      return { pool, log };
    }

    /** Runs a new session twice, admits it and runs it again: where the runs were. */
    async function placesOf(pool: WorkerRuntime, log: string[], options: SessionOptions): Promise<string[]> {
      log.length = 0;
      const session = await pool.createSession(new Uint8Array(1), options);
      await session.run({});
      await session.run({});
      await session.admit?.();
      await session.run({});
      return [...log];
    }

    it('loads and warms up in a process, then moves a model with short runs to the shared workers', async () => {
      const { pool, log } = await poolWith({});
      expect(await placesOf(pool, log, { isolation: 'trial' })).toEqual(['p1', 'p1', 'p1 released', 't']);
      // The process is kept for the next trial.
      expect(await placesOf(pool, log, { isolation: 'trial' })).toEqual(['p1', 'p1', 'p1 released', 't']);
      await pool.close();
    });

    it.each([
      ['a long load', { loadMs: 5500 }],
      ['long runs', { runMs: 230 }],
    ])('leaves a model with %s in its process, and the next trial starts another', async (_, times) => {
      const { pool, log } = await poolWith(times);
      expect(await placesOf(pool, log, { isolation: 'trial' })).toEqual(['p1', 'p1', 'p1']);
      expect(await placesOf(pool, log, { isolation: 'trial' })).toEqual(['p2', 'p2', 'p2']);
      await pool.close();
    });

    it('closes the process of a trial that failed', async () => {
      const log: string[] = [];
      const failing = {
        ...fakeRuntime('p', log),
        createSession: () => Promise.reject(new Error('does not load')),
      };
      const pool = await createWorkerPool(
        { provider: 'cpu', workers: 1 },
        () => Promise.resolve(fakeRuntime('t', log)),
        () => Promise.resolve(failing),
      );
      const load = pool.createSession(new Uint8Array(1), { isolation: 'always' });
      await expect(load).rejects.toThrow('does not load');
      await vi.waitFor(
        () => {
          expect(log).toEqual(['p closed']);
        },
        { timeout: 10_000 },
      );
      await pool.close();
    });

    it('keeps a model that may not end in its process, which ends with the session', async () => {
      const { pool, log } = await poolWith({});
      expect(await placesOf(pool, log, { isolation: 'always' })).toEqual(['p1', 'p1', 'p1']);
      const session = await pool.createSession(new Uint8Array(1), { isolation: 'always' });
      await session.admit?.();
      log.length = 0;
      await session.release();
      expect(log).toEqual(['p2 released', 'p2 closed']);
      await pool.close();
    });

    it('moves a model with long runs out of the shared workers: after its trial, or when a run occupies one', async () => {
      const { pool, log } = await poolWith({ runMs: 230 });
      expect(await placesOf(pool, log, {})).toEqual(['t', 't', 't released', 'p1']);
      const session = await pool.createSession(new Uint8Array(1));
      log.length = 0;
      slow?.();
      await session.run({});
      expect(log).toEqual(['t released', 'p2']);
      await pool.close();
    });
  });
});
