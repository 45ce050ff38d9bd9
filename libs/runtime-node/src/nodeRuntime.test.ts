import { readFile } from 'node:fs/promises';
import { MissingError } from '@onda/contract';
import { describeRuntime } from '@onda/runtime/testing';
import { describe, expect, it } from 'vitest';
import { missingCudaFiles, nativeFolder } from './cudaProvider.ts';
import { createNodeRuntime } from './nodeRuntime.ts';

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describeRuntime({
  name: 'onnxruntime-node, cpu',
  createRuntime: () => createNodeRuntime({ provider: 'cpu' }),
  loadFixture: (file) => readFile(new URL(file, fixture)),
});

describe(createNodeRuntime, () => {
  it('says what it is', async () => {
    expect((await createNodeRuntime({ provider: 'cpu' })).name).toBe('onnxruntime-node 1.30.0');
  });

  it('gives the bits of one thread with two', async () => {
    const model = await readFile(new URL('model.onnx', fixture));
    const feeds = {
      x: { type: 'float32' as const, dims: [1, 3, 1], data: Float32Array.of(0, 0.5, 1) },
      state_in: { type: 'float32' as const, dims: [1, 32], data: new Float32Array(32) },
    };
    const one = await (await createNodeRuntime({ provider: 'cpu', threads: 1 })).createSession(model);
    const two = await (await createNodeRuntime({ provider: 'cpu', threads: 2 })).createSession(model);
    expect((await two.run(feeds)).y.data).toEqual((await one.run(feeds)).y.data);
  });

  it.runIf(missingCudaFiles(nativeFolder()).length > 0)(
    'runs on the CPU without a word when CUDA is not set up and nobody asked for it',
    async () => {
      const warnings: string[] = [];
      const runtime = await createNodeRuntime({ provider: 'auto', onWarning: (text) => warnings.push(text) });
      const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
      expect(session.provider).toBe('cpu');
      expect(warnings).toEqual([]);
    },
  );

  it.runIf(missingCudaFiles(nativeFolder()).length > 0)('refuses CUDA when it is not set up', async () => {
    await expect(createNodeRuntime({ provider: 'cuda' })).rejects.toThrow(MissingError);
  });
});
