import { readFile } from 'node:fs/promises';
import type { Session } from '@onda/runtime';
import { describeRuntime } from '@onda/runtime/testing';
import { describe, expect, it } from 'vitest';
import { createWorkerPool } from './workerPool.ts';
import type { WorkerRuntime } from './workerRuntime.ts';

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describeRuntime({
  name: 'onnxruntime-node, cpu, in two worker threads',
  createRuntime: () => createWorkerPool({ provider: 'cpu', workers: 2 }),
  closeRuntime: (runtime) => (runtime as WorkerRuntime).close(),
  loadFixture: (file) => readFile(new URL(file, fixture)),
});

/** A runtime that logs its runs, which wait until `open` is called. */
function fakeRuntime(name: string, log: string[]): WorkerRuntime & { open: () => void; alive: boolean } {
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
    createSession: () => {
      const session: Session = {
        inputs: [],
        outputs: [],
        provider: 'fake',
        run: async () => {
          log.push(name);
          runtime.pending++;
          await gate;
          runtime.pending--;
          return {};
        },
        release: () => Promise.resolve(),
      };
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
    const copies = [model, generator].map(async (file) => (await pool.createSession(file)).copies);
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
});
