import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Where Go is installed besides PATH. */
const GO_FOLDERS = ['/usr/local/go/bin'];

const { env } = process;

/** The user's cache folder, as the set-up of the workspace finds it. */
const cache = env['ONDA_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'onda');

/** A command-line tool written in Go. */
export interface GoTool {
  readonly name: string;
  /** Module path of its command. */
  readonly module: string;
  readonly version: string;
}

/**
 * The tool's path: in PATH, in the user's cache folder, or installed there by Go.
 *
 * @returns why it is missing, if it is
 */
export async function findGoTool({
  name,
  module,
  version,
}: GoTool): Promise<{ path: string } | { missing: string }> {
  const folder = join(cache, 'go', `${name}-${version.replace(/[^\w.-]/g, '_')}`);
  const path = maybeExecutable(name, [folder, ...(env['PATH'] ?? '').split(delimiter)]);
  if (path !== undefined) return { path };
  const go = maybeExecutable('go', [...(env['PATH'] ?? '').split(delimiter), ...GO_FOLDERS]);
  if (go === undefined) return { missing: `neither ${name} nor Go is installed` };
  try {
    await promisify(execFile)(go, ['install', `${module}@${version}`], { env: { ...env, GOBIN: folder } });
    return { path: join(folder, name) };
  } catch (error) {
    return {
      missing: `Go could not install ${name}: ${(error as Error).message.trim().split('\n').at(-1) ?? ''}`,
    };
  }
}

function maybeExecutable(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
