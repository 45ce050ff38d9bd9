import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWebBuildStale } from './webBuild.ts';

let root: string;

function write(path: string, seconds: number): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  utimesSync(file, seconds, seconds);
  return file;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onda-web-'));
  write('apps/web/src/main.ts', 100);
  write('libs/runtime/src/session.ts', 100);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

describe(isWebBuildStale, () => {
  it('is true without a build, and false with a newer one', () => {
    expect(isWebBuildStale(root, join(root, 'apps/web/dist/index.html'))).toBe(true);
    expect(isWebBuildStale(root, write('apps/web/dist/index.html', 200))).toBe(false);
  });

  it('is true for a newer file of the app or a library, and false for a newer test', () => {
    const built = write('apps/web/dist/index.html', 200);
    write('libs/runtime/src/session.test.ts', 300);
    expect(isWebBuildStale(root, built)).toBe(false);
    write('libs/runtime/src/session.ts', 300);
    expect(isWebBuildStale(root, built)).toBe(true);
  });
});
