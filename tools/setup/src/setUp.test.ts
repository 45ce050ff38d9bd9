import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from './context.mjs';
import { ensurePackages } from './npmPackages.mjs';
import type { SetupResult } from './setUp.ts';
import { setupTable, setUp } from './setUp.ts';

let folder: string;
let root: string;

/** A workspace whose packages are in place, and a PATH with nothing on it. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-setup-'));
  root = join(folder, 'workspace');
  mkdirSync(join(root, 'node_modules', '@tensorflow'), { recursive: true });
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{}}');
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{"packages":{}}');
  const packages = new URL('../../../node_modules/', import.meta.url).pathname;
  for (const name of ['@tensorflow/tfjs-node', 'node-api-headers'])
    symlinkSync(join(packages, name), join(root, 'node_modules', name));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(env: NodeJS.ProcessEnv): Promise<SetupResult> {
  const context: Context = {
    root,
    cache: join(folder, 'cache'),
    env: { PATH: join(folder, 'empty'), ...env },
    log: () => undefined,
    progress: () => undefined,
  };
  return setUp(context, await ensurePackages(context), {});
}

const record = (): { backend: string; missing: { what: string } | null } =>
  JSON.parse(readFileSync(join(root, 'node_modules', '.onda', 'setup.json'), 'utf8')) as never;

describe.runIf(process.platform === 'linux' && process.arch === 'x64')(setUp, () => {
  it('falls back without pip and compiler, and reports it once', async () => {
    const first = await run({});
    expect(first.rows.map(({ part, state }) => [part, state])).toEqual([
      ['npm packages', 'found'],
      ['TensorFlow', 'missing'],
    ]);
    expect(first.notices).toHaveLength(1);
    expect(first.notices[0]).toMatch(
      /^TensorFlow is not used: there is no pip and there is no C\+\+ compiler \(g\+\+\)\. Training runs on the WebAssembly kernels: .* Remedy: .*; then npm run setup\.$/,
    );
    expect(record()).toMatchObject({
      backend: 'wasm',
      missing: { what: 'there is no pip and there is no C++ compiler (g++)' },
    });
    expect((await run({})).notices).toEqual([]);
  });

  it('fails where TensorFlow is required and not available', async () => {
    await expect(run({ ONDA_BACKEND: 'tensorflow' })).rejects.toThrow(
      /^ONDA_BACKEND is tensorflow, but there is no pip and there is no C\+\+ compiler \(g\+\+\); remedy: .*, then run the command again, or unset ONDA_BACKEND\.$/,
    );
  });

  it('skips TensorFlow where ONDA_BACKEND is wasm', async () => {
    const { rows, notices } = await run({ ONDA_BACKEND: 'wasm' });
    expect(rows.at(-1)).toMatchObject({ part: 'TensorFlow', state: 'skipped' });
    expect(notices).toEqual([]);
  });
});

describe(setupTable, () => {
  it('aligns the rows, and lists the reason, consequence and remedy of each missing part', () => {
    const table = setupTable([
      {
        part: 'TensorFlow',
        state: 'installed',
        detail: '2.15.1',
        megabytes: 693,
        downloadedMegabytes: 207,
        seconds: 6.6,
      },
      {
        part: 'Chromium',
        state: 'missing',
        detail: 'Chromium was not found',
        cost: 'Skipped.',
        remedy: 'get one',
        seconds: 0,
      },
    ]);
    expect(table).toBe(
      [
        'part        state      MB download  MB on disk  seconds  details',
        'TensorFlow  installed          207         693      6.6  2.15.1',
        'Chromium    missing                                 0.0  Chromium was not found',
        '',
        'Chromium: Chromium was not found.',
        '  Skipped.',
        '  Remedy: get one; then: npm run setup -- --tests',
      ].join('\n'),
    );
  });
});
