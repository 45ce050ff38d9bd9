import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { describeRuntime, RUNTIME_ATOL, sines } from '@onda/runtime/testing';
import { createWebRuntime } from './webRuntime.ts';

const folder = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describeRuntime({
  name: 'onnxruntime-web, wasm in Node',
  createRuntime: () => Promise.resolve(createWebRuntime()),
  loadFixture: (file) => readFile(new URL(file, folder)),
});

describe(createWebRuntime, () => {
  it('names itself with the version of onnxruntime-web', () => {
    expect(createWebRuntime().name).toBe('onnxruntime-web 1.30.0');
  });

  it('runs sessions that are called at the same time one after the other', async () => {
    const runtime = createWebRuntime();
    const files = await Promise.all(
      ['model.onnx', 'generator.onnx'].map((file) => readFile(new URL(file, folder))),
    );
    const [model, generator] = await Promise.all(files.map((bytes) => runtime.createSession(bytes)));
    const state_in = floatTensor([1, 32], new Float32Array(32));
    const samples: RuntimeTensor = { type: 'int64', dims: [1], data: BigInt64Array.of(50n) };
    const [long, one] = await Promise.all([
      generator.run({ x: sines(1, 20), state_in, samples }),
      model.run({ x: sines(1, 20), state_in }),
    ]);
    expect(Math.abs(Number(one['y'].data[19]) - Number(long['y'].data[0]))).toBeLessThan(RUNTIME_ATOL);
  });

  it('rejects other options than the first call had', () => {
    expect(() => createWebRuntime({ wasm: '/elsewhere.wasm' })).toThrow(
      new ConfigError(
        'createWebRuntime: expected the options of the first call, got others; ONNX Runtime Web has one WebAssembly instance per page or worker, so pass the same options to every runtime',
      ),
    );
  });

  it('rejects threads without cross-origin isolation and invalid numbers', () => {
    expect(() => createWebRuntime({ threads: 2 })).toThrow(
      'createWebRuntime: threads: expected 1 without cross-origin isolation, got 2; serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or omit threads',
    );
    expect(() => createWebRuntime({ threads: 0.5 })).toThrow(
      'createWebRuntime: threads: expected a whole number of at least 1, got 0.5; omit it for 1',
    );
  });
});
