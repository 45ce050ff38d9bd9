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

const requirements = fileURLToPath(new URL('../checker-requirements.txt', import.meta.url));
const cost = "The checks by Python's onnx and onnxruntime are left out.";

/**
 * A Python with onnx, onnxruntime and numpy, for the tests that check our files by other hands than ours.
 * The packages go into a folder of the cache, and a small `python` beside them adds it to the path: that needs pip
 * alone, where a virtual environment needs one more package on Debian.
 *
 * @param {Place} place
 * @returns {Promise<{ row: import('./place.mjs').Row, python: string | null }>}
 */
export async function ensureCheckerPython(place) {
  const seconds = stopwatch();
  const part = 'Python checker';
  try {
    const host = await findPython(place.env);
    const folder = join(
      place.cache,
      'python',
      contentKey([readFileSync(requirements, 'utf8'), host.version, host.path, place.cache]),
    );
    const python = join(folder, 'python');
    const detail = `onnx, onnxruntime and numpy for Python ${host.version}`;
    if (existsSync(python)) return { row: { part, state: 'found', detail, seconds: seconds() }, python };
    await withLock(cacheLock(place), () => install(place, host.path, folder), waitAloud(place));
    const megabytes = folderMegabytes(folder);
    return { row: { part, state: 'brought in', detail, megabytes, seconds: seconds() }, python };
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    const { what, remedy } = error;
    return { row: { part, state: 'missing', detail: what, cost, remedy, seconds: seconds() }, python: null };
  }
}

/**
 * @param {Place} place
 * @param {string} host
 * @param {string} folder
 */
async function install(place, host, folder) {
  if (existsSync(join(folder, 'python'))) return;
  place.log('Python checker: installing onnx, onnxruntime and numpy with pip');
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
    const result = await runChild(host, [...args, ...manners, '-r', requirements], { env: place.env });
    if (result.code !== 0)
      throw new MissingPart(
        `pip could not install onnx, onnxruntime and numpy (${pipFailure(result)})`,
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
