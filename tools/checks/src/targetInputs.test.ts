import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { uncoveredReads, type InputsWorkspace } from './targetInputs.ts';

/** A workspace of one library whose test has `text`, and of one project with data. */
function workspace(
  text: string,
  change: { inputs?: string[]; dependsOnData?: boolean } = {},
): InputsWorkspace {
  const root = mkdtempSync(path.join(tmpdir(), 'onda-inputs-'));
  const files: Record<string, string> = {
    'libs/a/vitest.config.ts': "export default { test: { include: ['src/**/*.test.ts'] } };\n",
    'libs/a/src/a.test.ts': text,
    'libs/a/src/support.ts': "export const root = new URL('../../../', import.meta.url);\n",
    'data/one.csv': '1\n',
    'docs/page.md': '# Page\n',
    'tools/run.mjs': "import './helper.mjs';\n",
    'tools/helper.mjs': 'export {};\n',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  const test = { command: 'vitest run', cache: true, inputs: change.inputs ?? ['default', '^default'] };
  return {
    root,
    files: Object.keys(files),
    namedInputs: { default: ['{projectRoot}/**/*', '!{projectRoot}/dist/**/*'] },
    nodes: {
      a: { name: 'a', data: { root: 'libs/a', targets: { test } } },
      data: { name: 'data', data: { root: 'data' } },
    },
    dependencies: { a: change.dependsOnData ? [{ target: 'data' }] : [] },
  };
}

const places = async (given: InputsWorkspace): Promise<string[]> =>
  (await uncoveredReads(given)).map(({ place, text }) => `${place}: ${text.split(',')[0]}`);

describe(uncoveredReads, () => {
  const data = "const file = new URL('../../../data/one.csv', import.meta.url);\n";

  it('reports a file that a test reads and the target has no input for', async () => {
    expect(await uncoveredReads(workspace(data))).toEqual([
      {
        place: 'libs/a/src/a.test.ts',
        text: 'a:test reads data/one.csv, expected among its inputs; add them to the inputs of the target, or their project to implicitDependencies',
      },
    ]);
  });

  it('accepts it among the inputs of the target, or in a project that it depends on', async () => {
    expect(await places(workspace(data, { inputs: ['default', '{workspaceRoot}/data/**/*'] }))).toEqual([]);
    expect(await places(workspace(data, { dependsOnData: true }))).toEqual([]);
  });

  it.each([
    ['a folder', "path.resolve(import.meta.dirname, '../../../data')"],
    ['a part that is known at run time', 'new URL(`../../../data/${name}.csv`, import.meta.url)'],
    [
      'a constant',
      "const root = path.join(import.meta.dirname, '../../..');\npath.join(root, 'data', 'one.csv')",
    ],
    ['a constant of another file', "import { root } from './support.ts';\nnew URL('data/one.csv', root)"],
    ['a pattern of Vite', "import.meta.glob('../../../data/*.csv')"],
    [
      'the workspace as working directory',
      "import { root } from './support.ts';\nspawn('cat', ['data/one.csv'], { cwd: root })",
    ],
  ])('follows %s', async (_, text) => {
    expect(await places(workspace(text))).toEqual(['libs/a/src/a.test.ts: a:test reads data/one.csv']);
  });

  it('follows what a script imports that a test names', async () => {
    const script = "const script = new URL('../../../tools/run.mjs', import.meta.url);\n";
    expect(await places(workspace(script, { inputs: ['default', '{workspaceRoot}/tools/run.mjs'] }))).toEqual(
      ['tools/run.mjs: a:test reads tools/helper.mjs'],
    );
  });

  it('accepts paths within the project and files that git does not track', async () => {
    expect(
      await places(
        workspace(
          "new URL('./support.ts', import.meta.url);\nnew URL('../../../models/x', import.meta.url);",
        ),
      ),
    ).toEqual([]);
  });
});
