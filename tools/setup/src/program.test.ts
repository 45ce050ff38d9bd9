import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureProgram } from './program.mjs';

let root: string;

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function place(): Parameters<typeof ensureProgram>[0] {
  return { root, cache: join(root, 'cache'), env: {}, log: () => undefined, progress: () => undefined };
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onda-program-'));
  write('package-lock.json', '{}');
  write('libs/runtime-node/package.json', '{ "exports": "./src/sessionWorker.ts" }');
  write('libs/runtime-node/src/sessionWorker.ts', 'export const answer: string = "42";');
  write('apps/some/package.json', '{ "version": "1.2.3" }');
  write(
    'apps/some/src/cli.ts',
    `import { answer } from '@onda/runtime-node';
     const place: string = import.meta.url;
     console.log(answer, place, new URL('./sessionWorkerStart.mjs', import.meta.url).href);`,
  );
  mkdirSync(join(root, 'node_modules/@onda'), { recursive: true });
  symlinkSync(join(root, 'libs/runtime-node'), join(root, 'node_modules/@onda/runtime-node'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

describe(ensureProgram, () => {
  it('compiles once, and again when a source changed', async () => {
    const first = await ensureProgram(place(), 'some');
    expect(await ensureProgram(place(), 'some')).toBe(first);
    write('libs/runtime-node/src/sessionWorker.ts', 'export const answer: string = "4711";');
    expect(await ensureProgram(place(), 'some')).not.toBe(first);
  });

  it('runs as the sources do: they know their own place, and the worker is part of the program', async () => {
    const program = await ensureProgram(place(), 'some');
    const printed = execFileSync(process.execPath, [program], { encoding: 'utf8' }).trim();
    const source = pathToFileURL(join(root, 'apps/some/src/cli.ts')).href;
    expect(printed).toBe(`42 ${source} ${new URL('sessionWorker.mjs', pathToFileURL(program)).href}`);
  });

  it('leaves packages where they are, and asks for those of CommonJS by require', async () => {
    write('node_modules/common/index.js', 'exports.name = "common"; exports.asked = typeof require;');
    write('node_modules/common/package.json', '{ "main": "index.js" }');
    write('node_modules/modern/index.js', 'export const name = "modern";');
    write('node_modules/modern/package.json', '{ "type": "module", "main": "index.js" }');
    // Another file for each: here the program goes on to import.
    write('node_modules/both/import.js', 'exports.name = "imported";');
    write('node_modules/both/require.js', 'exports.name = "required";');
    write(
      'node_modules/both/package.json',
      '{ "exports": { "import": "./import.js", "require": "./require.js" } }',
    );
    write(
      'apps/some/src/cli.ts',
      `import common, { asked } from 'common';
       import * as modern from 'modern';
       import both from 'both';
       const later = await import('common');
       console.log(common.name, asked, modern.name, both.name, later.name, later.default.name);`,
    );
    const program = await ensureProgram(place(), 'some');
    expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe(
      'common function modern imported common common\n',
    );
    const text = readFileSync(program, 'utf8');
    expect([text.includes('require("common")'), text.includes('from "both"')]).toEqual([true, true]);
  });

  it('says what cannot be compiled, and leaves nothing', async () => {
    write('apps/some/src/cli.ts', 'const = 3;');
    await expect(ensureProgram(place(), 'some')).rejects.toThrow(
      /^some: its sources could not be compiled \(.*cli\.ts:1:6: ERROR: Expected identifier.*\); correct that\.$/s,
    );
    write('apps/some/src/cli.ts', 'console.log("3");');
    expect(execFileSync(process.execPath, [await ensureProgram(place(), 'some')], { encoding: 'utf8' })).toBe(
      '3\n',
    );
  });
});
