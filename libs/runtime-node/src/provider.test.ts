import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MissingError } from '@onda/contract';
import type { CudaPlace } from './provider.ts';
import {
  cudaProblem,
  cudaProviderFiles,
  missingCudaFiles,
  nativeFolder,
  providersToTry,
} from './provider.ts';

const hasCompiler = spawnSync('g++', ['--version']).status === 0;

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
  it('takes the CPU when the options say so, even if CUDA is installed', async () => {
    await putCudaLibraries();
    expect(providersToTry('cpu', undefined, place())).toEqual(['cpu']);
  });

  it('tries CUDA first, then the CPU, when its library is there', async () => {
    await putCudaLibraries();
    expect(providersToTry('auto', undefined, place())).toEqual(['cuda', 'cpu']);
    expect(providersToTry('cuda', undefined, place())).toEqual(['cuda']);
  });

  it('takes the CPU when CUDA is not required and its library is missing', () => {
    expect(providersToTry('auto', undefined, place())).toEqual(['cpu']);
  });

  it('rejects CUDA without its library, naming the file and the command', () => {
    expect(() => providersToTry('cuda', undefined, place())).toThrow(
      new MissingError(
        'provider cuda: expected libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so beside onnxruntime-node, found none; install it with npm run setup -- --cuda, or use the provider cpu',
      ),
    );
  });
});

describe('providersToTry, with a library that does not load', () => {
  const problem = 'libcublasLt.so.13: cannot open shared object file';

  it('takes the CPU when CUDA is not required, and says why', async () => {
    await putCudaLibraries();
    const warnings: string[] = [];
    expect(providersToTry('auto', (text) => warnings.push(text), place(problem))).toEqual(['cpu']);
    expect(warnings).toEqual([
      'the CUDA provider is installed but cannot be used (libcublasLt.so.13: cannot open shared object file); using the CPU',
    ]);
  });

  it('throws when CUDA is required, naming the library and the command', async () => {
    await putCudaLibraries();
    expect(() => providersToTry('cuda', undefined, place(problem))).toThrow(
      new MissingError(
        'provider cuda: the library is installed but cannot be used (libcublasLt.so.13: cannot open shared object file); check it with npm run setup -- --cuda, or use the provider cpu',
      ),
    );
  });
});

describe(cudaProblem, () => {
  it.runIf(process.platform === 'linux')('names the file that the loader does not take', async () => {
    await putCudaLibraries();
    expect(cudaProblem(folder)).toBe(`${folder}/libonnxruntime_providers_shared.so: file too short`);
  });

  // Libraries of the provider's form, built here: NVIDIA's are 270 MB. The driver is what machines without a GPU lack.
  it.runIf(process.platform === 'linux' && hasCompiler && !existsSync('/dev/nvidia0'))(
    'finds and loads the provider, and refuses it for the driver that is missing',
    async () => {
      const [shared, cuda] = cudaProviderFiles;
      await compile('int nothing;', shared);
      await compile('int nothing;', 'libcuda.so.1', '-Wl,-soname,libcuda.so.1');
      await compile(
        'extern int nothing; int *used = &nothing;',
        cuda,
        '-Wl,--no-as-needed',
        '-L.',
        '-l:libcuda.so.1',
      );
      await rm(join(folder, 'libcuda.so.1'));
      const problem = 'libcuda.so.1: cannot open shared object file';
      expect(cudaProblem(folder)).toBe(problem);
      const warnings: string[] = [];
      const here = { folder, problem: cudaProblem };
      expect(providersToTry('auto', (text) => warnings.push(text), here)).toEqual(['cpu']);
      expect(warnings).toEqual([
        `the CUDA provider is installed but cannot be used (${problem}); using the CPU`,
      ]);
      expect(() => providersToTry('cuda', undefined, here)).toThrow(
        `provider cuda: the library is installed but cannot be used (${problem}); check it with npm run setup -- --cuda, or use the provider cpu`,
      );
    },
  );

  it.runIf(missingCudaFiles(nativeFolder()).length === 0 && !existsSync('/dev/nvidia0'))(
    'says of the real provider, where set-up has brought it, which library it misses',
    () => {
      expect(cudaProblem(nativeFolder())).toMatch(
        /^lib[a-zA-Z]+\.so(\.\d+)*: cannot open shared object file$/,
      );
    },
  );
});

async function compile(source: string, library: string, ...flags: string[]): Promise<void> {
  await writeFile(join(folder, 'source.cc'), source);
  const args = ['-shared', '-fPIC', '-o', library, 'source.cc', ...flags];
  await promisify(execFile)('g++', args, { cwd: folder });
}
