import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { docLinks } from './docLinks.ts';
import { fileSizes } from './fileSizes.ts';
import { houseTexts } from './houseTexts.ts';
import { importCycles } from './importCycles.ts';

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'onda-checks-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

const lines = (count: number): string => 'x\n'.repeat(count);

describe(fileSizes, () => {
  it('names a file of 301 lines and accepts one of 300', () => {
    const root = folder({ 'a.ts': lines(301), 'b.ts': lines(300) });
    expect(fileSizes(root, ['a.ts', 'b.ts'], {})).toEqual([
      {
        place: 'a.ts',
        text: 'expected at most 300 lines, got 301; split it, or give a reason in tools/checks/src/longFiles.ts',
      },
    ]);
  });

  it('accepts a long file with a reason, and refuses a reason that is no longer needed', () => {
    const root = folder({ 'a.ts': lines(301), 'b.ts': lines(3) });
    expect(fileSizes(root, ['a.ts', 'b.ts'], { 'a.ts': 'one table' })).toEqual([]);
    expect(fileSizes(root, ['b.ts'], { 'b.ts': 'one table' })).toHaveLength(1);
  });

  it('holds an index.ts to 60 lines', () => {
    const root = folder({ 'index.ts': lines(61) });
    expect(fileSizes(root, ['index.ts'], {})).toHaveLength(1);
  });
});

describe(docLinks, () => {
  it('names a link to a missing file or heading and accepts those that are there', () => {
    const root = folder({
      'a.md':
        '# One two\n[x](b.md) [y](c.md) [z](b.md#here) [w](b.md#gone) [self](#one-two) [web](https://example.org)',
      'b.md': '## Here',
    });
    expect(docLinks(root, ['a.md', 'b.md']).map(({ text }) => text)).toEqual([
      'links to c.md, which is not there; correct the link',
      'links to b.md#gone, a heading that is not there; correct the link',
    ]);
  });
});

describe(houseTexts, () => {
  it('names a path of one machine', () => {
    const root = folder({ 'a.md': `see ${['', 'home', 'me', 'x'].join('/')}\n`, 'b.md': 'see src/x\n' });
    expect(houseTexts(root, ['a.md', 'b.md'])).toEqual([
      { place: 'a.md:1', text: 'holds a path of one machine; remove it' },
    ]);
  });
});

describe(importCycles, () => {
  it('names the files of a cycle and accepts a chain', async () => {
    const root = folder({
      'cycle/a.ts': "import { b } from './b.ts';\nexport const a = (): number => b();\n",
      'cycle/b.ts': "import { a } from './a.ts';\nexport const b = (): number => a();\n",
      'chain/a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
      'chain/b.ts': 'export const b = 1;\n',
    });
    const before = process.cwd();
    process.chdir(root);
    try {
      expect((await importCycles(['cycle'])).length).toBeGreaterThan(0);
      expect(await importCycles(['chain'])).toEqual([]);
    } finally {
      process.chdir(before);
    }
  });
});
