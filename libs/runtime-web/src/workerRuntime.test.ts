import { readFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { MissingError, ModelError } from '@onda/contract';
import type { Runtime, RuntimeTensor } from '@onda/runtime';
import { describeRuntime } from '@onda/runtime/testing';
import { createWebRuntime } from './webRuntime.ts';
import type { Port } from './workerRuntime.ts';
import { createWorkerRuntime, serveRuntime } from './workerRuntime.ts';

const folder = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);
const model = readFileSync(new URL('model.onnx', folder));
const x: RuntimeTensor = { type: 'float32', dims: [1, 3, 1], data: Float32Array.of(0, 0.5, 1) };
const state_in: RuntimeTensor = { type: 'float32', dims: [1, 32], data: new Float32Array(32) };

const channels: MessageChannel[] = [];

/** Both ends in this thread, joined by a real message channel: values are cloned and moved as a worker's are. */
function overChannel(runtime: Runtime): Runtime {
  const channel = new MessageChannel();
  channels.push(channel);
  serveRuntime(runtime, channel.port2 as unknown as Port);
  const near = createWorkerRuntime(channel.port1 as unknown as Port);
  channel.port1.start();
  channel.port2.start();
  return near;
}

/** A worker that never answers but can be made to fail. */
function deadWorker(): Port & { emit: (type: string, event: object) => void } {
  const listeners = new Map<string, (event: never) => void>();
  return {
    postMessage: () => undefined,
    addEventListener: (type: string, listener: (event: never) => void) => {
      listeners.set(type, listener);
    },
    emit: (type, event) => {
      listeners.get(type)?.(event as never);
    },
  };
}

afterAll(() => {
  for (const channel of channels) channel.port1.close();
});

describeRuntime({
  name: 'onnxruntime-web, across a message channel',
  createRuntime: () => Promise.resolve(overChannel(createWebRuntime())),
  loadFixture: (file) => Promise.resolve(readFileSync(new URL(file, folder))),
});

describe(createWorkerRuntime, () => {
  it('gives the values of the wrapped runtime', async () => {
    const direct = await createWebRuntime().createSession(model);
    const runtime = overChannel(createWebRuntime());
    const remote = await runtime.createSession(model);
    expect(runtime.name).toBe('onnxruntime-web 1.30.0, in a worker');
    expect({ ...remote, run: null, release: null }).toEqual({ ...direct, run: null, release: null });
    expect(await remote.run({ x, state_in })).toEqual(await direct.run({ x, state_in }));
    expect(Object.keys(await remote.run({ x, state_in }, ['y']))).toEqual(['y']);
  });

  it('does not take the input tensors from the caller', async () => {
    const remote = await overChannel(createWebRuntime()).createSession(model);
    await remote.run({ x, state_in });
    expect(x.data).toEqual(Float32Array.of(0, 0.5, 1));
    expect(state_in.data.length).toBe(32);
  });

  it('throws the error of the runtime behind it, with its class and text', async () => {
    const failure = overChannel(createWebRuntime()).createSession(model.subarray(0, 1000));
    await expect(failure).rejects.toThrow(ModelError);
    await expect(failure).rejects.toThrow('the model cannot be loaded: ');
  });

  it('rejects a run on a session that was released', async () => {
    const remote = await overChannel(createWebRuntime()).createSession(model);
    await remote.release();
    await expect(remote.run({ x, state_in })).rejects.toThrow('the session was released; create another one');
  });

  it('rejects pending and new calls when the worker fails', async () => {
    const worker = deadWorker();
    const runtime = createWorkerRuntime(worker);
    const waiting = runtime.createSession(model);
    worker.emit('error', { message: 'SyntaxError in worker.js' });
    const text =
      'worker: expected the inference worker to load and answer, got "SyntaxError in worker.js"; reload the page, and check that the server serves the worker\'s files';
    await expect(waiting).rejects.toThrow(new MissingError(text));
    await expect(runtime.createSession(model)).rejects.toThrow(text);
  });

  it('reports a worker that does not load at all, for which browsers give no message', async () => {
    const worker = deadWorker();
    const waiting = createWorkerRuntime(worker).createSession(model);
    worker.emit('error', {});
    await expect(waiting).rejects.toThrow('got an error during its start; reload the page');
  });
});
