// @ts-check
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './context.mjs';

/** @typedef {{ token: string, pid: number, machine: string }} Owner */

/**
 * @typedef {object} LockOptions
 * @property {(line: string) => void} [log] called once while another process holds the lock
 * @property {number} [pollMs]
 * @property {number} [heartbeatMs]
 * @property {number} [staleMs] a lock without a heartbeat for this time is taken over
 * @property {number} [waitMs]
 */

/**
 * Holds the lock of the cache during `work`.
 * @template T
 * @param {import('./context.mjs').Context} context
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function withCacheLock({ cache, log }, work) {
  return withLock(join(cache, 'locks', 'cache'), work, { log });
}

/**
 * Holds a lock between processes during `work`. Own code, because the lock around `npm ci` is needed before any package is installed.
 *
 * The lock is a folder with an owner file in it, created by one rename. An owner is dead when its process is gone (on the same machine) or
 * its heartbeat has stopped. A dead owner's lock is renamed to a name that contains its token: that name exists for the second process
 * that tries the same, so no process can remove the lock of the next owner.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {LockOptions} [options]
 * @returns {Promise<T>}
 * @throws {SetupError} when the lock is not free within `waitMs`
 */
export async function withLock(path, work, options = {}) {
  const owner = { token: randomBytes(8).toString('hex'), pid: process.pid, machine: thisMachine() };
  await acquire(path, owner, options);
  const heartbeat = setInterval(() => {
    touch(path);
  }, options.heartbeatMs ?? 5_000);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    if (readOwner(path)?.token !== owner.token) return;
    const free = `${path}.free-${owner.token}`;
    renameSync(path, free);
    rmSync(free, { recursive: true, force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 * @param {LockOptions} options
 */
async function acquire(path, owner, { log, pollMs = 200, staleMs = 60_000, waitMs = 60 * 60_000 }) {
  await mkdir(dirname(path), { recursive: true });
  await removeLeftovers(path, staleMs);
  const deadline = Date.now() + waitMs;
  let logged = false;
  while (!(await tryAcquire(path, owner))) {
    const other = readOwner(path);
    if (other && isDead(path, other, staleMs)) {
      await rename(path, `${path}.dead-${other.token}`).catch(() => undefined);
      continue;
    }
    if (other && !logged) {
      log?.(`Waiting for another set-up (process ${other.pid}).`);
      logged = true;
    }
    if (Date.now() > deadline)
      throw new SetupError(
        `${path} has been locked by another set-up (process ${other?.pid ?? 'unknown'}) for too long; end that process or remove the folder, and run the command again.`,
      );
    await sleep(pollMs);
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 * @returns {Promise<boolean>} false where another process holds the lock
 */
async function tryAcquire(path, owner) {
  const own = `${path}.want-${owner.token}`;
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'owner.json'), JSON.stringify(owner));
  try {
    await rename(own, path);
    return true;
  } catch {
    await rm(own, { recursive: true, force: true });
    return false;
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 * @param {number} staleMs
 */
function isDead(path, owner, staleMs) {
  if (owner.machine === thisMachine() && !isRunning(owner.pid)) return true;
  // A running process is not enough: the process id may have been reused.
  const stat = statSync(join(path, 'owner.json'), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > staleMs;
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** Process ids are comparable only on one host, since one boot, in one container. */
function thisMachine() {
  const orEmpty = (/** @type {() => string} */ read) => {
    try {
      return read().trim();
    } catch {
      return '';
    }
  };
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  return [hostname(), boot, orEmpty(() => readlinkSync('/proc/self/ns/pid'))].join(' ');
}

/**
 * @param {string} path
 * @returns {Owner | null}
 */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
  } catch {
    return null;
  }
}

/** @param {string} path */
function touch(path) {
  try {
    const now = new Date();
    utimesSync(join(path, 'owner.json'), now, now);
  } catch {
    // Another process took the lock over; `release` compares the token.
  }
}

/**
 * Removes folders of dead processes that are too old for any process to still use them.
 * @param {string} path
 * @param {number} staleMs
 */
async function removeLeftovers(path, staleMs) {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!/\.(dead|want|free)-[0-9a-f]+$/.test(name) || !name.startsWith(`${basename(path)}.`)) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > staleMs + 3_600_000)
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
