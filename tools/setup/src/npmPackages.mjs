// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileBeside } from './beside.mjs';
import { runChild, whyItFailed } from './child.mjs';
import { folderMegabytes } from './folderSize.mjs';
import { sha256 } from './hash.mjs';
import { withLock } from './lock.mjs';
import { stopwatch, waitAloud } from './place.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {Record<string, { version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }>} LockedPackages */

/**
 * Brings node_modules to what package-lock.json says; does nothing where it is that already.
 * @param {Place} place
 * @returns {Promise<import('./place.mjs').Row>}
 */
export async function ensurePackages(place) {
  const seconds = stopwatch();
  const row = { part: 'npm packages', detail: 'as package-lock.json says' };
  if (packagesInPlace(place.root)) return { ...row, state: 'found', seconds: seconds() };
  const lock = join(place.cache, 'locks', `packages-${sha256(place.root).slice(0, 16)}`);
  const brought = await withLock(
    lock,
    async () => {
      if (packagesInPlace(place.root)) return false;
      await npmCi(place);
      writeStamp(place.root);
      return true;
    },
    waitAloud(place),
  );
  if (!brought) return { ...row, state: 'found', seconds: seconds() };
  const megabytes = folderMegabytes(join(place.root, 'node_modules'));
  return { ...row, state: 'brought in', megabytes, seconds: seconds() };
}

/**
 * Is node_modules what package-lock.json says? The stamp of the last look decides; where it is of another lock file,
 * npm's own list of what it installed does, so that an `npm install` by hand is not done over.
 * @param {string} root
 * @returns {boolean}
 */
export function packagesInPlace(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  try {
    const { lockSha256 } = JSON.parse(readFileSync(stampPath(root), 'utf8'));
    if (lockSha256 === lockHash(root)) return true;
  } catch {
    // No stamp, or a damaged one: npm's list decides.
  }
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
    if (!installedMatches(wanted, installed)) return false;
  } catch {
    return false;
  }
  writeStamp(root);
  return true;
}

/**
 * Does npm's list of installed packages hold everything of the lock file, in its version?
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 * @returns {boolean}
 */
export function installedMatches(wanted, installed) {
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.includes('node_modules/')) return true;
    const got = installed[path];
    // Optional ones are for other systems; npm leaves them out here.
    if (!got) return want.optional === true || want.devOptional === true || want.peer === true;
    return got.version === want.version && got.integrity === want.integrity && got.link === want.link;
  });
}

/** @param {Place} place */
async function npmCi(place) {
  place.log('npm packages: npm ci --ignore-scripts');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = place.env.npm_execpath;
  const options = { cwd: place.root, env: place.env };
  const result = npm?.endsWith('npm-cli.js')
    ? await runChild(process.execPath, [npm, ...args], options)
    : await runChild('npm', args, options);
  if (result.missing)
    throw new SetupError('npm was not found on PATH; install Node with its npm and run the command again.');
  if (result.code !== 0)
    throw new SetupError(
      `npm ci failed (${npmFailure(result)}); Onda cannot run without its packages: check the network and the lock file, then run the command again.`,
    );
}

/**
 * The line of npm's output that says why; its codes say less.
 * @param {import('./child.mjs').ChildResult} result
 */
export function npmFailure(result) {
  const line = whyItFailed(result, /^npm (error|ERR!) (?!(code|syscall|errno|path|dest)\b)\S/);
  return line.replace(/^npm (error|ERR!) /, '').replace(/\.$/, '');
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.onda', 'packages.json');
}

/** @param {string} root */
function lockHash(root) {
  return sha256(readFileSync(join(root, 'package-lock.json')));
}

/** @param {string} root */
function writeStamp(root) {
  writeFileBeside(stampPath(root), `${JSON.stringify({ lockSha256: lockHash(root) })}\n`);
}
