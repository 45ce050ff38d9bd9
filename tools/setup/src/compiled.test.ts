import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compiledInPlace, ensureCompiled } from './compiled.mjs';

const gcc = { command: 'g++', version: 'g++ 12' };
let cache: string;
let builds: number;

const place = (): Parameters<typeof ensureCompiled>[0] => ({
  root: '/none',
  cache,
  env: { PATH: '' },
  log: () => undefined,
  progress: () => undefined,
});

const library = (source: string): Parameters<typeof ensureCompiled>[1] => ({
  kind: 'kernels',
  file: 'lib.node',
  madeFrom: [source],
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
    expect((await ensureCompiled(place(), library('a'), gcc)).made).toBe(true);
    expect((await ensureCompiled(place(), library('a'), gcc)).made).toBe(false);
    expect((await ensureCompiled(place(), library('b'), gcc)).made).toBe(true);
    expect((await ensureCompiled(place(), library('a'), { ...gcc, version: 'g++ 13' })).made).toBe(true);
    expect(builds).toBe(3);
  });

  it('compiles once for two at the same time', async () => {
    const both = await Promise.all([1, 2].map(() => ensureCompiled(place(), library('a'), gcc)));
    expect(both.map(({ made }) => made).sort()).toEqual([false, true]);
    expect(builds).toBe(1);
  });

  it('compiles a damaged library anew', async () => {
    const { record } = await ensureCompiled(place(), library('a'), gcc);
    writeFileSync(record.path, 'COMPILED a');
    expect(await compiledInPlace(cache, library('a'), gcc)).toBeNull();
    expect((await ensureCompiled(place(), library('a'), gcc)).made).toBe(true);
    expect(readFileSync(record.path, 'utf8')).toBe('compiled a');
  });

  it('leaves nothing that could be taken for a library when the compiler fails', async () => {
    const broken = {
      ...library('a'),
      build: (outFile: string): Promise<void> => {
        writeFileSync(outFile, 'half');
        return Promise.reject(new Error('killed'));
      },
    };
    await expect(ensureCompiled(place(), broken, gcc)).rejects.toThrow('killed');
    expect(readdirSync(join(cache, 'kernels'))).toEqual([]);
  });

  it('ignores what a killed set-up left, and sweeps it away', async () => {
    const { record } = await ensureCompiled(place(), library('a'), gcc);
    const folder = dirname(record.path);
    rmSync(folder, { recursive: true });
    writeFileSync(`${folder}.1-x.tmp`, 'half');
    await ensureCompiled(place(), library('a'), gcc);
    expect(readdirSync(join(cache, 'kernels'))).toHaveLength(1);
  });

  it('takes what is there where there is no compiler, and else says how to get one', async () => {
    await ensureCompiled(place(), library('a'), gcc);
    expect((await ensureCompiled(place(), library('a'), null)).made).toBe(false);
    await expect(ensureCompiled(place(), library('b'), null)).rejects.toThrow(
      /^there is no C\+\+ compiler \(g\+\+\); remedy: .*(g\+\+|gcc|xcode)/,
    );
  });
});
