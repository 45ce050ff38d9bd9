import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importCycles } from './importCycles.ts';
import { docLinks, fileSizes, privateTexts } from './textChecks.ts';

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
  it('reports a file of 501 lines and accepts one of 500', () => {
    const root = folder({ 'a.ts': lines(501), 'b.ts': lines(500) });
    expect(fileSizes(root, ['a.ts', 'b.ts'])).toEqual([
      { place: 'a.ts', text: 'expected at most 500 lines, got 501; split it by concept' },
    ]);
  });

  it('limits an index.ts to 80 lines', () => {
    const root = folder({ 'index.ts': lines(81), 'lib/index.ts': lines(80) });
    expect(fileSizes(root, ['index.ts', 'lib/index.ts'])).toHaveLength(1);
  });
});

describe(docLinks, () => {
  it('reports a link to a missing file or heading and accepts existing ones', () => {
    const root = folder({
      'a.md':
        '# One two\n[x](b.md) [y](c.md) [z](b.md#here) [w](b.md#gone) [self](#one-two) [web](https://example.org)',
      'b.md': '## Here',
    });
    expect(docLinks(root, ['a.md', 'b.md']).map(({ text }) => text)).toEqual([
      'links to c.md, which does not exist; correct the link',
      'links to b.md#gone, a heading that does not exist; correct the link',
    ]);
  });
});

describe(privateTexts, () => {
  it('reports a path of one machine', () => {
    const root = folder({ 'a.md': `see ${['', 'home', 'me', 'x'].join('/')}\n`, 'b.md': 'see src/x\n' });
    expect(privateTexts(root, ['a.md', 'b.md'])).toEqual([
      { place: 'a.md:1', text: 'contains a path of one machine; remove it' },
    ]);
  });
});

describe(importCycles, () => {
  it('reports the files of a cycle and accepts a chain', async () => {
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
