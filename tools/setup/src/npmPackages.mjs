// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureReason, runChild } from './child.mjs';
import { SetupError, stopwatch } from './context.mjs';
import { folderMegabytes, sha256, writeFileAtomic } from './files.mjs';
import { withLock } from './lock.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {Record<string, { version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }>} LockedPackages */

/**
 * Runs `npm ci` unless node_modules already matches package-lock.json.
 * @param {Context} context
 * @returns {Promise<import('./context.mjs').Row>}
 * @throws {SetupError} where npm is missing or fails
 */
export async function ensurePackages(context) {
  const { root } = context;
  const seconds = stopwatch();
  const row = { part: 'npm packages', detail: 'as in package-lock.json' };
  if (packagesInstalled(root)) return { ...row, state: 'found', seconds: seconds() };
  const installed = await withLock(
    join(context.cache, 'locks', `packages-${sha256(root).slice(0, 16)}`),
    async () => {
      if (packagesInstalled(root)) return false;
      await npmCi(context);
      writeStamp(root);
      return true;
    },
    { log: context.log },
  );
  if (!installed) return { ...row, state: 'found', seconds: seconds() };
  const megabytes = folderMegabytes(join(root, 'node_modules'));
  return { ...row, state: 'installed', megabytes, seconds: seconds() };
}

/**
 * Whether node_modules matches package-lock.json. The stamp of the last check decides; without a stamp of this lock file npm's own list
 * of installed packages does, so an `npm install` by hand is not repeated.
 * @param {string} root
 * @returns {boolean}
 */
export function packagesInstalled(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  try {
    const { lockSha256 } = JSON.parse(readFileSync(stampPath(root), 'utf8'));
    if (lockSha256 === lockHash(root)) return true;
  } catch {
    // No stamp, or a damaged one.
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
 * Whether npm's list of installed packages contains every package of the lock file in its version.
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 * @returns {boolean}
 */
export function installedMatches(wanted, installed) {
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.includes('node_modules/')) return true;
    const got = installed[path];
    // npm skips optional packages for other systems.
    if (!got) return want.optional === true || want.devOptional === true || want.peer === true;
    return got.version === want.version && got.integrity === want.integrity && got.link === want.link;
  });
}

/** @param {Context} context */
async function npmCi(context) {
  context.log('npm packages: npm ci --ignore-scripts');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = context.env.npm_execpath;
  const options = { cwd: context.root, env: context.env };
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
 * The line of npm's output that states the reason; lines with only a code are skipped.
 * @param {import('./child.mjs').ChildResult} result
 */
export function npmFailure(result) {
  const line = failureReason(result, /^npm (error|ERR!) (?!(code|syscall|errno|path|dest)\b)\S/);
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
  writeFileAtomic(stampPath(root), `${JSON.stringify({ lockSha256: lockHash(root) })}\n`);
}
