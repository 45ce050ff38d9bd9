import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { describeRuntime } from '@onda/runtime/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { WorkerError } from './workerMessages.ts';
import { createWorkerRuntime, startSessionWorker } from './workerRuntime.ts';
import type { WorkerRuntime } from './workerRuntime.ts';

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);
const feeds = {
  x: { type: 'float32' as const, dims: [1, 3, 1], data: Float32Array.of(0, 0.5, 1) },
  state_in: { type: 'float32' as const, dims: [1, 32], data: new Float32Array(32) },
};

describeRuntime({
  name: 'onnxruntime-node, cpu, in a worker thread',
  createRuntime: () => createWorkerRuntime({ provider: 'cpu' }),
  closeRuntime: (runtime) => (runtime as WorkerRuntime).close(),
  loadFixture: (file) => readFile(new URL(file, fixture)),
});

describe(createWorkerRuntime, () => {
  let runtime: WorkerRuntime | undefined;
  afterEach(() => runtime?.close());

  it('does not block the calling thread', async () => {
    runtime = await createWorkerRuntime({ provider: 'cpu' });
    const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
    const time = 200_000;
    const started = performance.now();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await session.run({ ...feeds, x: { type: 'float32', dims: [1, time, 1], data: new Float32Array(time) } });
    clearInterval(timer);
    // A blocked thread would not have turned once.
    expect(turns).toBeGreaterThan(0);
    expect(performance.now() - started).toBeGreaterThan(2);
  });

  it('reports the time since the last message of a worker with pending runs', async () => {
    runtime = await createWorkerRuntime({ provider: 'cpu' });
    const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
    expect(runtime.stalledMs).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const time = 200_000;
    const running = session.run({
      ...feeds,
      x: { type: 'float32', dims: [1, time, 1], data: new Float32Array(time) },
    });
    // The rest before it does not count.
    expect(runtime.stalledMs).toBeLessThan(20);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(runtime.stalledMs).toBeGreaterThan(2);
    await running;
    expect(runtime.stalledMs).toBe(0);
  });

  it('rejects what is pending when the worker ends, and answers again with the same session', async () => {
    let worker: Worker | undefined;
    const warnings: string[] = [];
    runtime = await createWorkerRuntime(
      { provider: 'cpu', onWarning: (text) => warnings.push(text) },
      (settings) => (worker = startSessionWorker(settings)),
    );
    const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
    const before = await session.run(feeds);

    const lost = session.run(feeds);
    const ended = worker?.terminate();
    await expect(lost).rejects.toThrow(
      new WorkerError('the inference worker ended (exit code 1) before it answered; retry the request'),
    );
    await ended;

    expect((await session.run(feeds)).y.data).toEqual(before.y.data);
    expect(runtime.alive).toBe(true);
    expect(warnings).toEqual(['the inference worker ended (exit code 1); restarting it']);
  });

  it('rejects a run with a detached tensor and still runs afterwards', async () => {
    runtime = await createWorkerRuntime({ provider: 'cpu' });
    const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
    const gone = Float32Array.of(1);
    // The check sees one value; before the call is sent it is none.
    const lost = session.run({ ...feeds, x: { type: 'float32', dims: [1, 1, 1], data: gone } });
    structuredClone(gone, { transfer: [gone.buffer] });
    await expect(lost).rejects.toThrow();
    expect((await session.run(feeds)).y.dims).toEqual([1, 3, 1]);
  });

  it('reports that the worker does not start, after a limited number of attempts', async () => {
    let starts = 0;
    const failing = createWorkerRuntime({ provider: 'cpu' }, () => {
      starts++;
      return new Worker('throw new Error("no room")', { eval: true });
    });
    await expect(failing).rejects.toThrow(
      'the inference worker does not start (no room); restart the service',
    );
    expect(starts).toBe(1);
  });

  it('rejects to run once it is closed', async () => {
    const closed = await createWorkerRuntime({ provider: 'cpu' });
    const session = await closed.createSession(await readFile(new URL('model.onnx', fixture)));
    await closed.close();
    expect(closed.alive).toBe(false);
    await expect(session.run(feeds)).rejects.toThrow('the runtime was closed; create another one');
  });
});
