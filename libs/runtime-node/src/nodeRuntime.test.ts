import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError, ModelError } from '@onda/contract';
import { describeRuntime } from '@onda/runtime/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cudaProviderFiles, missingCudaFiles, nativeFolder } from './provider.ts';
import { createNodeRuntime } from './nodeRuntime.ts';
import { createOrtSession } from './ortSession.ts';
import type { CudaPlace } from './provider.ts';

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

  it('gives the same bits on one thread and on two', async () => {
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
    'runs on the CPU without a warning when CUDA is neither set up nor requested',
    async () => {
      const warnings: string[] = [];
      const runtime = await createNodeRuntime({ provider: 'auto', onWarning: (text) => warnings.push(text) });
      const session = await runtime.createSession(await readFile(new URL('model.onnx', fixture)));
      expect(session.provider).toBe('cpu');
      expect(warnings).toEqual([]);
    },
  );

  it.runIf(missingCudaFiles(nativeFolder()).length > 0)('rejects CUDA when it is not set up', async () => {
    await expect(createNodeRuntime({ provider: 'cuda' })).rejects.toThrow(MissingError);
  });
});

describe('createNodeRuntime, with a CUDA library that loads and a device that fails', () => {
  const reason = new Error('CUDA failure 35: the driver is too old');
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onda-cuda-'));
    for (const file of cudaProviderFiles) await writeFile(join(folder, file), '');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const place = (): CudaPlace => ({ folder, problem: () => undefined });
  const create: typeof createOrtSession = (model, provider, options) =>
    provider === 'cuda' ? Promise.reject(reason) : createOrtSession(model, provider, options);

  it('falls back to the CPU when CUDA is not required, with one warning', async () => {
    const warnings: string[] = [];
    const onWarning = (text: string): number => warnings.push(text);
    const runtime = await createNodeRuntime({ provider: 'auto', onWarning }, create, place());
    const model = await readFile(new URL('model.onnx', fixture));
    for (const session of [await runtime.createSession(model), await runtime.createSession(model)]) {
      expect(session.provider).toBe('cpu');
    }
    expect(warnings).toEqual([
      'the CUDA provider is installed but cannot be used (CUDA failure 35: the driver is too old); using the CPU',
    ]);
  });

  it('throws when CUDA is required, with the reason and the command', async () => {
    const runtime = await createNodeRuntime({ provider: 'cuda' }, create, place());
    await expect(runtime.createSession(await readFile(new URL('model.onnx', fixture)))).rejects.toThrow(
      new MissingError(
        'provider cuda: the library is installed but cannot be used (CUDA failure 35: the driver is too old); check it with npm run setup -- --cuda, or use the provider cpu',
      ),
    );
  });

  it('distinguishes a damaged file from a provider that does not work', async () => {
    const runtime = await createNodeRuntime({ provider: 'cuda' }, create, place());
    await expect(runtime.createSession(Uint8Array.of(1, 2, 3))).rejects.toThrow(ModelError);
  });
});
