import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const model = join(import.meta.dirname, '../../../examples/models/lagged-sine/1/model.onnx');
const library = join(import.meta.dirname, 'index.ts');

const script = `
const { readFileSync } = await import('node:fs');
const { createNodeRuntime, createWorkerRuntime } = await import(${JSON.stringify(library)});
const bytes = readFileSync(${JSON.stringify(model)});
for (const create of [createWorkerRuntime, createNodeRuntime]) {
  const runtime = await create({ provider: 'cpu' });
  await (await runtime.createSession(bytes)).release();
  await runtime.close?.();
}
`;

it('writes nothing of ONNX Runtime to the home folder of the user', async () => {
  const home = await mkdtemp(join(tmpdir(), 'onda-home-'));
  // Without the environment of the tests.
  const env = { PATH: process.env.PATH, HOME: home };
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const cwd = import.meta.dirname;
  const { stderr } = await run(process.execPath, args, { cwd, env });
  expect(stderr).toBe('');
  expect(await readdir(home)).toEqual([]);
  await rm(home, { recursive: true });
});
