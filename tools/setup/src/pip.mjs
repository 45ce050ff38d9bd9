// @ts-check
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild, whyItFailed } from './child.mjs';
import { folderMegabytes } from './folderSize.mjs';
import { sha256File } from './hash.mjs';
import { installCommand } from './machine.mjs';
import { MissingPart } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {{ name: string, version: string, sha256: string, bytes: number, platform: string, unpackedMegabytes: number }} Wheel */

/**
 * The first pip that answers.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string[] | null>} program and first arguments
 */
export async function findPip(env) {
  for (const [command = '', ...args] of [
    ['python3', '-m', 'pip'],
    ['python', '-m', 'pip'],
    ['pip3'],
    ['pip'],
  ]) {
    const { code } = await runChild(command, [...args, '--version'], { env });
    if (code === 0) return [command, ...args];
  }
  return null;
}

/** @param {NodeJS.ProcessEnv} env */
export function missingPip(env) {
  return new MissingPart('there is no pip', installCommand('pip', env));
}

/**
 * Downloads a wheel with the user's own pip (its mirror, proxy and certificates) and checks it against the pinned
 * SHA-256. A wheel that is there already, whole, is used; the caller removes it when it is unpacked.
 * The caller holds the lock of the cache.
 *
 * @param {Place} place
 * @param {Wheel} wheel
 * @returns {Promise<{ path: string, downloaded: boolean }>}
 * @throws {MissingPart} where there is no pip, no network or no room
 */
export async function downloadWheel(place, wheel) {
  const folder = join(place.cache, 'downloads');
  const path = join(folder, `${wheel.sha256}.whl`);
  if (existsSync(path)) {
    if (statSync(path).size === wheel.bytes && (await sha256File(path)) === wheel.sha256)
      return { path, downloaded: false };
    await rm(path);
  }
  const pip = await findPip(place.env);
  if (!pip) throw missingPip(place.env);
  await mkdir(folder, { recursive: true });
  const needed = Math.ceil(wheel.bytes / 1e6) * 2 + wheel.unpackedMegabytes;
  const { bavail, bsize } = await statfs(folder);
  if ((bavail * bsize) / 1e6 < needed)
    throw new MissingPart(
      `${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB of room, expected ${needed}`,
      'make room, or name another folder in ONDA_CACHE',
    );
  await sweepDownloads(folder);
  const temporary = join(folder, `pip-${process.pid}`);
  await mkdir(temporary);
  try {
    await runPip(place, pip, wheel, temporary);
    const file = (await readdir(temporary)).find((name) => name.endsWith('.whl'));
    const hash = file === undefined ? 'nothing' : await sha256File(join(temporary, file));
    if (file === undefined || hash !== wheel.sha256)
      throw new MissingPart(
        `pip brought ${wheel.name} ${wheel.version} with SHA-256 ${hash}, expected ${wheel.sha256}`,
        'use a package index that serves the published file',
      );
    await rename(join(temporary, file), path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { path, downloaded: true };
}

/**
 * @param {Place} place
 * @param {readonly string[]} pip
 * @param {Wheel} wheel
 * @param {string} folder
 */
async function runPip(place, pip, wheel, folder) {
  const megabytes = Math.round(wheel.bytes / 1e6);
  place.log(`${wheel.name} ${wheel.version}: downloading ${megabytes} MB with pip`);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const [command = '', ...first] = pip;
  // The Python the wheel is for is told, so any Python with pip will do; nothing of it is run.
  const platform = ['--implementation', 'cp', '--python-version', '3.11', '--platform', wheel.platform];
  const args = ['download', '--require-hashes', '--no-deps', '--only-binary=:all:', ...platform];
  // pip's own cache would keep the wheel a second time, for good.
  const manners = ['--no-cache-dir', '--disable-pip-version-check', '--no-input', '--retries', '2'];
  const watch = setInterval(() => {
    place.progress(`${wheel.name}: ${Math.min(megabytes, folderMegabytes(folder))} of ${megabytes} MB`);
  }, 500);
  try {
    const result = await runChild(
      command,
      [...first, ...args, ...manners, '-d', folder, '-r', requirements],
      {
        // pip collects the file in the temporary folder; there, progress can be seen and no other disk fills up.
        env: { ...place.env, TMPDIR: folder },
      },
    );
    if (result.code !== 0)
      throw new MissingPart(
        `pip could not download ${wheel.name} ${wheel.version} (${pipFailure(result)})`,
        'connect to a package index (pip config list shows which is used)',
      );
  } finally {
    clearInterval(watch);
    place.progress(null);
  }
}

/**
 * The line of pip's output that says why.
 * @param {import('./child.mjs').ChildResult} result
 */
export function pipFailure(result) {
  if (
    /NewConnectionError|ConnectTimeout|NameResolutionError|ProxyError|Connection(Reset|Refused)?Error/.test(
      result.stderr,
    )
  )
    return 'no connection to the package index';
  return whyItFailed(result, /^ERROR:/).replace(/^ERROR:\s*/, '');
}

/** @param {string} folder */
async function sweepDownloads(folder) {
  for (const name of await readdir(folder))
    if (name.startsWith('pip-')) await rm(join(folder, name), { recursive: true, force: true });
}
