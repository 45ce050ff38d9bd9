import { describe, expect, it } from 'vitest';
import { proseFiles, proseOf } from './prose.ts';
import { spelling } from './spelling.ts';
import { mkdtempSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { workspaceRoot } from './workspace.ts';

describe(proseOf, () => {
  it('finds a forbidden phrase in a document, also across a line break', () => {
    expect(proseOf('a.md', 'Text.\n\nOther jobs go the\nsame way here.\n')).toEqual([
      { place: 'a.md:3', text: 'found "go the same way"; write: works the same way' },
    ]);
  });

  it('leaves code blocks of a document alone', () => {
    expect(proseOf('a.md', '```sh\nnobody\n```\n')).toEqual([]);
  });

  it('leaves code in a text alone', () => {
    expect(proseOf('a.md', 'The option `--awake-us` does not exist.\n')).toEqual([]);
  });

  it('finds one in line comments, block comments, strings and templates, with its line', () => {
    const text = [
      '// Nothing here that nobody',
      '// reads.',
      '/**',
      ' * What is stored, and what',
      ' * lies elsewhere.',
      ' */',
      "const a = 'whoever';",
      'const b = `x ${a} was',
      ' told`;',
    ].join('\n');
    expect(
      proseOf('a.ts', text).map(({ place, text: sentence }) => `${place} ${sentence.split(';')[0]}`),
    ).toEqual([
      'a.ts:1 found "nobody"',
      'a.ts:5 found "lies"',
      'a.ts:7 found "whoever"',
      'a.ts:9 found "told"',
    ]);
  });

  it('does not read the code between comments as text', () => {
    expect(proseOf('a.ts', "import { told } from './lies.ts';\ntold(1); /* fine */\n")).toEqual([]);
  });

  it('finds a name in the list, and a word within a name', () => {
    expect(proseOf('a.ts', 'export function letIn(roadLength: number) { return roadLength; }').length).toBe(
      2,
    );
    expect(proseOf('a.ts', 'export const broadcast = 1, abroad = 2;')).toEqual([]);
  });

  it('accepts the wording that it proposes', () => {
    expect(
      proseOf('a.md', 'The service rejects requests that no client could send; the rest works the same way.'),
    ).toEqual([]);
  });

  it('reads comments of C++ and of YAML, not their code', () => {
    expect(proseOf('a.cc', 'int told = 1; // it is told\n')).toHaveLength(1);
    expect(proseOf('a.yaml', 'road: 1\n# the road\n')).toHaveLength(1);
  });
});

describe(proseFiles, () => {
  it('leaves out data, the rules and files without texts', () => {
    expect(
      proseFiles(['a.ts', 'a.csv', 'examples/models/a.md', 'examples/a.yaml', 'tools/checks/src/wording.ts']),
    ).toEqual(['a.ts', 'examples/a.yaml']);
  });
});

describe(spelling, () => {
  it('reports a word that no dictionary has, and accepts the words of the project', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'onda-spelling-'));
    mkdirSync(path.join(root, 'tools/checks'), { recursive: true });
    for (const file of ['cspell.json', 'tools/checks/dictionary.txt']) {
      copyFileSync(path.join(workspaceRoot, file), path.join(root, file));
    }
    writeFileSync(path.join(root, 'a.md'), 'The opset of an LSTM.\n\nThe neighbours recieve it.\n');
    expect(await spelling(root, ['a.md'])).toEqual([
      { place: 'a.md:3', text: expect.stringContaining('"neighbours"') as string },
      { place: 'a.md:3', text: expect.stringContaining('"recieve"') as string },
    ]);
  });
});
