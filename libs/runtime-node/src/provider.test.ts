import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '@onda/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cudaProblem, cudaProviderFiles } from './cudaProvider.ts';
import { providersToTry } from './provider.ts';
import type { CudaPlace } from './provider.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-provider-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function putCudaLibraries(): Promise<void> {
  for (const file of cudaProviderFiles) await writeFile(join(folder, file), '');
}

function place(problem?: string): CudaPlace {
  return { folder, problem: () => problem };
}

describe(providersToTry, () => {
  it('takes the CPU when told, whatever is there', async () => {
    await putCudaLibraries();
    expect(providersToTry('cpu', undefined, place())).toEqual(['cpu']);
  });

  it('tries CUDA first, then the CPU, when its library is there', async () => {
    await putCudaLibraries();
    expect(providersToTry('auto', undefined, place())).toEqual(['cuda', 'cpu']);
    expect(providersToTry('cuda', undefined, place())).toEqual(['cuda']);
  });

  it('takes the CPU when nobody asked for CUDA and its library is not there', () => {
    expect(providersToTry('auto', undefined, place())).toEqual(['cpu']);
  });

  it('refuses CUDA without its library, naming the file and the command', () => {
    expect(() => providersToTry('cuda', undefined, place())).toThrow(
      new MissingError(
        'provider cuda: expected libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so beside onnxruntime-node, found none; bring it in with: npm run setup -- --cuda (or ask for the provider cpu)',
      ),
    );
  });
});

describe('providersToTry, with a library that does not load', () => {
  const problem = 'libcublasLt.so.13: cannot open shared object file';

  it('takes the CPU when nobody asked for CUDA, and says why', async () => {
    await putCudaLibraries();
    const warnings: string[] = [];
    expect(providersToTry('auto', (text) => warnings.push(text), place(problem))).toEqual(['cpu']);
    expect(warnings).toEqual([
      'the CUDA provider is there but cannot be used (libcublasLt.so.13: cannot open shared object file); running on the CPU',
    ]);
  });

  it('refuses when CUDA was asked for, naming the library and the command', async () => {
    await putCudaLibraries();
    expect(() => providersToTry('cuda', undefined, place(problem))).toThrow(
      new MissingError(
        'provider cuda: its library is there but cannot be used (libcublasLt.so.13: cannot open shared object file); see what is missing with: npm run setup -- --cuda (or ask for the provider cpu)',
      ),
    );
  });
});

describe(cudaProblem, () => {
  it.runIf(process.platform === 'linux')('names the file that the loader does not take', async () => {
    await putCudaLibraries();
    expect(cudaProblem(folder)).toBe(`${folder}/libonnxruntime_providers_shared.so: file too short`);
  });
});
