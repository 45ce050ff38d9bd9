import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileApp, ensureCompiledApp } from './compileApp.ts';

let root: string;

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function context(): Parameters<typeof ensureCompiledApp>[0] {
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

describe(ensureCompiledApp, () => {
  it('compiles once, and again after a source changed', async () => {
    const first = await ensureCompiledApp(context(), 'some');
    expect(await ensureCompiledApp(context(), 'some')).toBe(first);
    write('libs/runtime-node/src/sessionWorker.ts', 'export const answer: string = "4711";');
    expect(await ensureCompiledApp(context(), 'some')).not.toBe(first);
  });

  it('runs like the sources: they know their location, and the worker is part of the program', async () => {
    const program = await ensureCompiledApp(context(), 'some');
    const printed = execFileSync(process.execPath, [program], { encoding: 'utf8' }).trim();
    const source = pathToFileURL(join(root, 'apps/some/src/cli.ts')).href;
    expect(printed).toBe(`42 ${source} ${new URL('sessionWorker.mjs', pathToFileURL(program)).href}`);
  });

  it('leaves packages outside, and loads CommonJS packages with require', async () => {
    write('node_modules/common/index.js', 'exports.name = "common"; exports.asked = typeof require;');
    write('node_modules/common/package.json', '{ "main": "index.js" }');
    write('node_modules/modern/index.js', 'export const name = "modern";');
    write('node_modules/modern/package.json', '{ "type": "module", "main": "index.js" }');
    // Another file for each condition: the program keeps the import.
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
    const program = await ensureCompiledApp(context(), 'some');
    expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe(
      'common function modern imported common common\n',
    );
    const text = readFileSync(program, 'utf8');
    expect([text.includes('require("common")'), text.includes('from "both"')]).toEqual([true, true]);
  });

  it('reports what does not compile, and leaves nothing', async () => {
    write('apps/some/src/cli.ts', 'const = 3;');
    await expect(ensureCompiledApp(context(), 'some')).rejects.toThrow(
      /^some: the sources do not compile \(.*cli\.ts:1:6: ERROR: Expected identifier.*\); correct them\.$/s,
    );
    write('apps/some/src/cli.ts', 'console.log("3");');
    expect(
      execFileSync(process.execPath, [await ensureCompiledApp(context(), 'some')], { encoding: 'utf8' }),
    ).toBe('3\n');
  });
});

describe(compileApp, () => {
  it('writes a program that can be moved, and names the files that it needs', async () => {
    write('apps/some/proto/one.proto', 'syntax');
    write(
      'apps/some/src/cli.ts',
      `import { readFileSync } from 'node:fs';
       import { createRequire } from 'node:module';
       const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
       const absent = new URL('../absent/', import.meta.url);
       console.log(
         version,
         readFileSync(new URL('../proto/one.proto', import.meta.url), 'utf8'),
         import.meta.dirname,
         String(absent.pathname.length > 0),
       );`,
    );
    const built = join(root, 'built');
    mkdirSync(join(built, 'program'), { recursive: true });
    const { files } = await compileApp(root, 'some', join(built, 'program'), join(root, 'program'));
    expect(files).toEqual(['package.json', 'proto/one.proto'].map((file) => join(root, 'apps/some', file)));
    for (const file of readdirSync(join(built, 'program')))
      expect(readFileSync(join(built, 'program', file), 'utf8')).not.toContain(root);

    const moved = mkdtempSync(join(tmpdir(), 'onda-moved-'));
    cpSync(join(built, 'program'), join(moved, 'program'), { recursive: true });
    cpSync(join(root, 'apps/some/package.json'), join(moved, 'apps/some/package.json'));
    cpSync(join(root, 'apps/some/proto'), join(moved, 'apps/some/proto'), { recursive: true });
    const printed = execFileSync(process.execPath, [join(moved, 'program/cli.mjs')], { encoding: 'utf8' });
    rmSync(moved, { recursive: true });
    expect(printed).toBe(`1.2.3 syntax ${moved}/program/../apps/some/src true\n`);
  });
});
