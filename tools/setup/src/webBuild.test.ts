import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { webBuildIsStale } from './webBuild.mjs';

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

describe(webBuildIsStale, () => {
  it('is so without a build, and not with a newer one', () => {
    expect(webBuildIsStale(root, join(root, 'apps/web/dist/index.html'))).toBe(true);
    expect(webBuildIsStale(root, write('apps/web/dist/index.html', 200))).toBe(false);
  });

  it('is so when the app or a library changed since, but not for a test', () => {
    const built = write('apps/web/dist/index.html', 200);
    write('libs/runtime/src/session.test.ts', 300);
    expect(webBuildIsStale(root, built)).toBe(false);
    write('libs/runtime/src/session.ts', 300);
    expect(webBuildIsStale(root, built)).toBe(true);
  });
});
