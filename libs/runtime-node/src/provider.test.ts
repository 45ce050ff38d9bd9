import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '@onda/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cudaProviderFiles } from './cudaProvider.ts';
import { providersToTry, unusableCudaError } from './provider.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-provider-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function putCudaLibraries(): Promise<void> {
  for (const file of cudaProviderFiles) await writeFile(join(folder, file), '');
}

describe(providersToTry, () => {
  it('takes the CPU when told, whatever is there', async () => {
    await putCudaLibraries();
    expect(providersToTry('cpu', folder)).toEqual(['cpu']);
  });

  it('tries CUDA first, then the CPU, when its library is there', async () => {
    await putCudaLibraries();
    expect(providersToTry('auto', folder)).toEqual(['cuda', 'cpu']);
    expect(providersToTry('cuda', folder)).toEqual(['cuda']);
  });

  it('takes the CPU when nobody asked for CUDA and its library is not there', () => {
    expect(providersToTry('auto', folder)).toEqual(['cpu']);
  });

  it('refuses CUDA without its library, naming the file and the command', () => {
    expect(() => providersToTry('cuda', folder)).toThrow(
      new MissingError(
        'provider cuda: expected libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so beside onnxruntime-node, found none; bring it in with: npm run setup -- --cuda (or ask for the provider cpu)',
      ),
    );
  });
});

describe(unusableCudaError, () => {
  it('names the library that ONNX Runtime could not load', () => {
    const reason = new Error(
      '/onnxruntime/core/session/provider_bridge_ort.cc:2210 onnxruntime::Provider& Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory',
    );
    expect(unusableCudaError(reason).message).toBe(
      'provider cuda: its library is there but cannot be used (libcublasLt.so.13: cannot open shared object file); see what is missing with: npm run setup -- --cuda (or ask for the provider cpu)',
    );
  });

  it('keeps the first line of any other reason', () => {
    expect(unusableCudaError(new Error('CUDA failure 35: driver too old\nat line 2')).message).toContain(
      '(CUDA failure 35: driver too old)',
    );
  });
});
