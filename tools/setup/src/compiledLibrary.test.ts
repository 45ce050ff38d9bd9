import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedLibrary, ensureCompiled } from './compiledLibrary.ts';

const gcc = { command: 'g++', version: 'g++ 12' };
let cache: string;
let builds: number;

const context = (): Parameters<typeof ensureCompiled>[0] => ({
  root: '/none',
  cache,
  env: { PATH: '' },
  log: () => undefined,
  progress: () => undefined,
});

const library = (source: string): Parameters<typeof ensureCompiled>[1] => ({
  kind: 'kernels',
  file: 'lib.node',
  inputs: [source],
  build: (outFile) => {
    builds += 1;
    writeFileSync(outFile, `compiled ${source}`);
    return Promise.resolve();
  },
});

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'onda-compiled-'));
  builds = 0;
});

afterEach(() => {
  rmSync(cache, { recursive: true });
});

describe(ensureCompiled, () => {
  it('compiles once, and again for another source or another compiler', async () => {
    expect((await ensureCompiled(context(), library('a'), gcc)).compiled).toBe(true);
    expect((await ensureCompiled(context(), library('a'), gcc)).compiled).toBe(false);
    expect((await ensureCompiled(context(), library('b'), gcc)).compiled).toBe(true);
    expect((await ensureCompiled(context(), library('a'), { ...gcc, version: 'g++ 13' })).compiled).toBe(
      true,
    );
    expect(builds).toBe(3);
  });

  it('compiles once for two concurrent calls', async () => {
    const both = await Promise.all([1, 2].map(() => ensureCompiled(context(), library('a'), gcc)));
    expect(both.map(({ compiled }) => compiled).sort()).toEqual([false, true]);
    expect(builds).toBe(1);
  });

  it('compiles a damaged library again', async () => {
    const { record } = await ensureCompiled(context(), library('a'), gcc);
    writeFileSync(record.path, 'COMPILED a');
    expect(await cachedLibrary(cache, library('a'), gcc)).toBeNull();
    expect((await ensureCompiled(context(), library('a'), gcc)).compiled).toBe(true);
    expect(readFileSync(record.path, 'utf8')).toBe('compiled a');
  });

  it('leaves nothing in the cache when the compiler fails', async () => {
    const broken = {
      ...library('a'),
      build: (outFile: string): Promise<void> => {
        writeFileSync(outFile, 'half');
        return Promise.reject(new Error('killed'));
      },
    };
    await expect(ensureCompiled(context(), broken, gcc)).rejects.toThrow('killed');
    expect(readdirSync(join(cache, 'kernels'))).toEqual([]);
  });

  it('removes the temporary folder of a killed set-up', async () => {
    const { record } = await ensureCompiled(context(), library('a'), gcc);
    const folder = dirname(record.path);
    rmSync(folder, { recursive: true });
    writeFileSync(`${folder}.1-x.tmp`, 'half');
    await ensureCompiled(context(), library('a'), gcc);
    expect(readdirSync(join(cache, 'kernels'))).toHaveLength(1);
  });

  it('uses a cached library without a compiler, and reports how to install one without a cached library', async () => {
    await ensureCompiled(context(), library('a'), gcc);
    expect((await ensureCompiled(context(), library('a'), null)).compiled).toBe(false);
    await expect(ensureCompiled(context(), library('b'), null)).rejects.toThrow(
      /^there is no C\+\+ compiler \(g\+\+\); remedy: .*(g\+\+|gcc|xcode)/,
    );
  });
});
