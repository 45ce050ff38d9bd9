// @ts-check
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillFolderBeside } from './beside.mjs';
import { runChild } from './child.mjs';
import { folderMegabytes } from './folderSize.mjs';
import { contentKey } from './hash.mjs';
import { withLock } from './lock.mjs';
import { installCommand } from './machine.mjs';
import { pipFailure } from './pip.mjs';
import { cacheLock, stopwatch, waitAloud } from './place.mjs';
import { MissingPart } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/** @typedef {import('./pythonEnvironments.mjs').PythonEnvironment} PythonEnvironment */

/**
 * A Python with an environment's packages, for the tests that check our work by other hands than ours.
 * The packages go into a folder of the cache, and a small `python` beside them adds it to the path: that needs pip
 * alone, where a virtual environment needs one more package on Debian.
 *
 * @param {Place} place
 * @param {PythonEnvironment} environment
 * @returns {Promise<{ row: import('./place.mjs').Row, python: string | null }>}
 */
export async function ensurePython(place, environment) {
  const seconds = stopwatch();
  const { part, packages, cost } = environment;
  try {
    const host = await findPython(place.env);
    const folder = join(
      place.cache,
      'python',
      contentKey([readFileSync(requirementsOf(environment), 'utf8'), host.version, host.path, place.cache]),
    );
    const python = join(folder, 'python');
    const detail = `${packages} for Python ${host.version}`;
    if (existsSync(python)) return { row: { part, state: 'found', detail, seconds: seconds() }, python };
    await withLock(cacheLock(place), () => install(place, environment, host.path, folder), waitAloud(place));
    const megabytes = folderMegabytes(folder);
    return { row: { part, state: 'brought in', detail, megabytes, seconds: seconds() }, python };
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    const { what, remedy } = error;
    return { row: { part, state: 'missing', detail: what, cost, remedy, seconds: seconds() }, python: null };
  }
}

/**
 * @param {PythonEnvironment} environment
 * @returns {string} its file of pinned packages
 */
function requirementsOf({ requirements }) {
  return fileURLToPath(new URL(`../python/${requirements}`, import.meta.url));
}

/**
 * @param {Place} place
 * @param {PythonEnvironment} environment
 * @param {string} host
 * @param {string} folder
 */
async function install(place, environment, host, folder) {
  const { part, packages } = environment;
  if (existsSync(join(folder, 'python'))) return;
  place.log(`${part}: installing ${packages} with pip`);
  await fillFolderBeside(folder, async (temporary) => {
    const args = [
      '-m',
      'pip',
      'install',
      '--target',
      join(temporary, 'site'),
      '--no-deps',
      '--only-binary=:all:',
    ];
    const manners = ['--no-cache-dir', '--disable-pip-version-check', '--no-input', '--retries', '2'];
    const result = await runChild(host, [...args, ...manners, '-r', requirementsOf(environment)], {
      env: place.env,
    });
    if (result.code !== 0)
      throw new MissingPart(
        `pip could not install ${packages} (${pipFailure(result)})`,
        'they need Python 3.11 or newer and a package index',
      );
    const script = `#!/bin/sh\nPYTHONPATH='${join(folder, 'site')}' exec '${host}' "$@"\n`;
    writeFileSync(join(temporary, 'python'), script);
    chmodSync(join(temporary, 'python'), 0o755);
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ path: string, version: string }>}
 */
async function findPython(env) {
  const script = 'import sys, pip; print(sys.executable); print("%d.%d" % sys.version_info[:2])';
  for (const command of ['python3', 'python']) {
    const { code, stdout } = await runChild(command, ['-c', script], { env });
    const [path = '', version = ''] = stdout.split('\n');
    if (code === 0) return { path, version };
  }
  throw new MissingPart('there is no Python with pip', installCommand('pip', env));
}
