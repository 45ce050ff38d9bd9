import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.ts';
import { runProgram } from './runProgram.ts';

/** Python packages that a peer needs, in a virtual environment of their own. */
export interface PythonPackages {
  /** Part of the folder's name, and of what is said: `PyTorch`. */
  name: string;
  /** A file for `pip install -r`, versions pinned. */
  requirements: string;
  /** What fetching them means, for the person who waits: `about 3.0 GB, 5.4 GB on disk`. */
  size: string;
}

/** A Python that has the packages, or a clause each on why there is none and how to get it. */
export type FoundPython = { python: string } | { missing: string; remedy: string };

/**
 * Finds the virtual environment with these packages in Onda's cache folder, or makes it: once for each list of packages and each
 * Python. It is filled beside its place and moved there whole.
 *
 * @param say gets a line before anything is fetched
 */
export async function ensurePython(
  packages: PythonPackages,
  say: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<FoundPython> {
  const host = await findHost(env);
  if (host === null)
    return { missing: 'there is no Python with pip', remedy: 'install Python 3.11 or newer with pip' };
  const wanted = readFileSync(packages.requirements, 'utf8');
  const key = createHash('sha256').update([wanted, host.version, host.path].join('\n')).digest('hex');
  const folder = path.join(cacheFolder(env), 'bench', `${packages.name.toLowerCase()}-${key.slice(0, 16)}`);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(python)) return { python };
  say(
    `${packages.name}: fetching ${packages.size}, with pip into ${folder} (${wanted.trim().replaceAll(/\s+/g, ', ')})`,
  );
  await mkdir(path.dirname(folder), { recursive: true });
  await sweep(folder);
  const beside = `${folder}.${process.pid}.part`;
  try {
    const failed =
      // pip is told where to install: a Python of Debian has no pip to put into an environment.
      (await why(host.path, ['-m', 'venv', '--without-pip', beside], env)) ??
      (await why(
        host.path,
        [
          ...['-m', 'pip', '--python', path.join(beside, 'bin', 'python'), 'install', '--no-cache-dir'],
          ...['--disable-pip-version-check', '--no-input', '--retries', '2', '--only-binary=:all:'],
          ...['-r', packages.requirements],
        ],
        env,
      ));
    if (failed !== null)
      return { missing: failed, remedy: 'connect to a package index (pip config list shows which is used)' };
    // Another run may have been quicker; its folder holds the same.
    if (!existsSync(folder)) await rename(beside, folder);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return { python };
}

async function findHost(env: NodeJS.ProcessEnv): Promise<{ path: string; version: string } | null> {
  const script = 'import sys, pip, venv; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])';
  for (const program of ['python3', 'python']) {
    const { code, stdout } = await runProgram(program, ['-c', script], env);
    const [found, version] = stdout.split('\n');
    if (code === 0) return { path: found, version };
  }
  return null;
}

/** Runs a program; null when it did its work, else a clause that says why not. */
async function why(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  const { code, stdout, stderr } = await runProgram(program, args, env);
  if (code === 0) return null;
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = lines.find((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? `code ${code}`;
  return `${args[1]} failed (${telling.replace(/^ERROR:\s*/, '')})`;
}

/** Removes what killed runs left. */
async function sweep(folder: string): Promise<void> {
  const prefix = `${path.basename(folder)}.`;
  for (const name of readdirSync(path.dirname(folder))) {
    const pid = /^(\d+)\.part$/.exec(name.slice(prefix.length))?.[1];
    if (!name.startsWith(prefix) || pid === undefined || isAlive(Number(pid))) continue;
    await rm(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
