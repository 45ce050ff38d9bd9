import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setUp } from './setUp.mjs';

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

const place = (env: NodeJS.ProcessEnv): Parameters<typeof setUp>[0] => ({
  root,
  cache: join(folder, 'cache'),
  env: { PATH: join(folder, 'empty'), ...env },
  log: () => undefined,
  progress: () => undefined,
});

const record = (): { backend: string; missing: { what: string } | null } =>
  JSON.parse(readFileSync(join(root, 'node_modules', '.onda', 'setup.json'), 'utf8')) as never;

describe.runIf(process.platform === 'linux' && process.arch === 'x64')(setUp, () => {
  it('falls back where there is no pip and no compiler, and says so once', async () => {
    const first = await setUp(place({}), {});
    expect(first.rows.map(({ part, state }) => [part, state])).toEqual([
      ['npm packages', 'found'],
      ['TensorFlow', 'missing'],
    ]);
    expect(first.news).toHaveLength(1);
    expect(first.news[0]).toMatch(
      /^TensorFlow is not used: there is no pip and there is no C\+\+ compiler \(g\+\+\)\. Training runs on TensorFlow\.js's JavaScript backend: .* Remedy: .*; then npm run setup\.$/,
    );
    expect(record()).toMatchObject({
      backend: 'cpu',
      missing: { what: 'there is no pip and there is no C++ compiler (g++)' },
    });
    expect((await setUp(place({}), {})).news).toEqual([]);
  });

  it('fails where TensorFlow is forced and cannot be had', async () => {
    await expect(setUp(place({ ONDA_BACKEND: 'tensorflow' }), {})).rejects.toThrow(
      /^ONDA_BACKEND asks for tensorflow, but there is no pip and there is no C\+\+ compiler \(g\+\+\); remedy: .*, then run the command again, or leave ONDA_BACKEND out\.$/,
    );
  });

  it('leaves TensorFlow out where ONDA_BACKEND is cpu', async () => {
    const { rows, news } = await setUp(place({ ONDA_BACKEND: 'cpu' }), {});
    expect(rows.at(-1)).toMatchObject({ part: 'TensorFlow', state: 'left out' });
    expect(news).toEqual([]);
  });
});
