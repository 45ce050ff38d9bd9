import { readFile } from 'node:fs/promises';
import { describeRuntime } from '@onda/runtime/testing';
import { describe, expect, it } from 'vitest';
import { startSessionProcess } from './sessionProcess.ts';
import type { WorkerHost } from './workerMessages.ts';
import { createWorkerRuntime } from './workerRuntime.ts';
import type { WorkerRuntime } from './workerRuntime.ts';

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describeRuntime({
  name: 'onnxruntime-node, cpu, in a process',
  createRuntime: () => createWorkerRuntime({ provider: 'cpu' }, startSessionProcess),
  closeRuntime: (runtime) => (runtime as WorkerRuntime).close(),
  loadFixture: (file) => readFile(new URL(file, fixture)),
});

describe(startSessionProcess, () => {
  it('ends during a run, without which the session loads again in another process', async () => {
    const hosts: WorkerHost[] = [];
    const runtime = await createWorkerRuntime({ provider: 'cpu' }, (settings) => {
      hosts.push(startSessionProcess(settings));
      return hosts[hosts.length - 1];
    });
    const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
    const feeds = (time: number): Parameters<typeof session.run>[0] => ({
      x: { type: 'float32', dims: [1, time, 1], data: new Float32Array(time) },
      state_in: { type: 'float32', dims: [1, 32], data: new Float32Array(32) },
    });
    const long = session.run(feeds(2_000_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([
      hosts[0].terminate(),
      expect(long).rejects.toThrow('the inference worker ended (signal SIGKILL) before it answered'),
    ]);
    expect((await session.run(feeds(3)))['y'].dims).toEqual([1, 3, 1]);
    expect(hosts).toHaveLength(2);
    await runtime.close();
  });
});
