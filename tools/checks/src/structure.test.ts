import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { structure, structureTable } from './structure.ts';

function workspace(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'onda-structure-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  execFileSync('git', ['init', '-q'], { cwd: root });
  return root;
}

describe(structure, () => {
  const root = workspace({
    'libs/a/package.json': '{ "exports": { ".": "./src/index.ts" } }',
    'libs/a/src/index.ts': "export { one, type Two } from './one.ts';\n",
    'libs/a/src/one.ts':
      "import { three } from './three.ts';\nexport const one = three;\nexport type Two = 2;\n",
    'libs/a/src/three.ts': 'export const three = 3;\n',
    'libs/a/src/one.test.ts': "import './one.ts';\n",
    'apps/b/src/cli.ts': "import { one } from '@onda/a';\nconsole.log(one, await import('./late.ts'));\n",
    'apps/b/src/late.ts': "import { one } from '@onda/a';\nexport default one;\n",
  });

  it('counts product files, lines, importers, exported names and import levels', () => {
    expect(structure(root)).toEqual([
      { name: 'apps/b', files: 2, lines: 4, mean: 2, oneImporter: 1, levels: 2 },
      { name: 'libs/a', files: 3, lines: 5, mean: 2, oneImporter: 2, exported: 2, levels: 3 },
    ]);
  });

  it('prints a table with the sums in its last row', () => {
    expect(structureTable(structure(root)).split('\n').at(-1)).toBe('| all | 5 | 9 | 2 | 3 |  |  |');
  });
});
