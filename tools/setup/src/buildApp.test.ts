import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyPackages } from './buildApp.ts';

let root: string;

function write(path: string, content: object | string): void {
  const file = join(root, 'node_modules', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onda-packages-'));
  write('@a/one/package.json', {
    dependencies: { two: '1', inner: '1', 'of-another-system': '1' },
    optionalDependencies: { 'of-another-system': '1' },
    devDependencies: { tool: '1' },
  });
  write('@a/one/bin/one.node', 'bytes');
  write(`two/bin/napi-v6/${process.platform}/${process.arch}/two.node`, 'bytes');
  write('two/bin/napi-v6/another/x64/two.node', 'bytes');
  write('@a/one/node_modules/inner/package.json', { version: '2', dependencies: { two: '1', last: '1' } });
  write('two/package.json', { dependencies: { '@a/one': '1' }, peerDependencies: { absent: '1' } });
  write('last/package.json', {});
  write('inner/package.json', { version: '1' });
  write('tool/package.json', {});
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe(copyPackages, () => {
  it('copies packages with their dependencies to where Node finds them, and nothing else', async () => {
    const folder = join(root, 'image', 'node_modules');
    await copyPackages(root, ['@a/one'], folder);
    const there = ['@a/one/bin/one.node', '@a/one/node_modules/inner', 'two', 'last', 'inner', 'tool'];
    expect(there.map((path) => existsSync(join(folder, path)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(readFileSync(join(folder, '@a/one/node_modules/inner/package.json'), 'utf8')).toContain('"2"');
  });

  it('skips the libraries of other systems', async () => {
    const folder = join(root, 'image', 'node_modules');
    await copyPackages(root, ['two'], folder);
    const libraries = join(folder, 'two', 'bin', 'napi-v6');
    expect(readdirSync(libraries)).toEqual([process.platform]);
    expect(existsSync(join(libraries, process.platform, process.arch, 'two.node'))).toBe(true);
  });

  it('names a missing package, and leaves nothing', async () => {
    write('two/package.json', { dependencies: { missing: '1' } });
    const folder = join(root, 'image', 'node_modules');
    await expect(copyPackages(root, ['two'], folder)).rejects.toThrow(
      `build: the package missing is not in ${root}/node_modules; run npm ci and build again.`,
    );
    expect(existsSync(folder)).toBe(false);
  });
});
