// @ts-check
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { passThrough } from './passThrough.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/**
 * Builds the browser app where its build is missing or older than what it is made from. Its output goes to stderr.
 * @param {Place} place
 */
export async function ensureWebBuild(place) {
  const built = join(place.root, 'apps', 'web', 'dist', 'index.html');
  if (!existsSync(join(place.root, 'apps', 'web', 'index.html')) || !webBuildIsStale(place.root, built))
    return;
  place.log('Web app: building it');
  const nx = join(place.root, 'node_modules', '.bin', 'nx');
  const code = await passThrough(process.execPath, [nx, 'run', 'web:build'], {
    cwd: place.root,
    env: { ...place.env, NX_DAEMON: 'false' },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (code !== 0)
    throw new SetupError(
      `the web app could not be built (nx run web:build ended with code ${code}, its messages are above); correct that, or serve without it by --no-web.`,
      { exitCode: 1 },
    );
  // A build restored from Nx's cache keeps its old time and would look stale for ever.
  const now = new Date();
  if (existsSync(built)) utimesSync(built, now, now);
}

/**
 * @param {string} root
 * @param {string} built the file that a build writes last
 * @returns {boolean}
 */
export function webBuildIsStale(root, built) {
  const stat = statSync(built, { throwIfNoEntry: false });
  if (!stat) return true;
  const libs = join(root, 'libs');
  const folders = readdirSync(libs).map((name) => join(libs, name, 'src'));
  return [join(root, 'apps', 'web'), ...folders].some((folder) => newest(folder) > stat.mtimeMs);
}

/**
 * @param {string} folder
 * @returns {number} milliseconds; 0 where there is no such folder
 */
function newest(folder) {
  if (!existsSync(folder)) return 0;
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules' || entry.name.endsWith('.test.ts')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, newest(path));
    else latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}
