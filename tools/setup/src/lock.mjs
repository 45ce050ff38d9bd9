// @ts-check
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setupError.mjs';

/** @typedef {{ token: string, pid: number, machine: string }} Owner */
/** @typedef {{ pollMs?: number, heartbeatMs?: number, staleMs?: number, waitMs?: number, onWait?: (owner: Owner) => void }} LockTimes */

/**
 * Runs `work` while no other process does the same under this path.
 *
 * The lock is a folder with its owner's name in it, moved into place in one step. An owner that died is known by its
 * process id where it lived on this machine, or by a heart-beat that stopped. A dead owner's lock is moved away to a
 * name made from its token: a second process that wants to do the same finds that name taken, so it can never move
 * away the lock of the next owner.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {LockTimes} [times] milliseconds
 * @returns {Promise<T>}
 * @throws {SetupError} when the lock is not free within `waitMs`
 */
export async function withLock(path, work, times = {}) {
  const { pollMs = 200, heartbeatMs = 5_000, staleMs = 60_000, waitMs = 60 * 60_000, onWait } = times;
  const owner = { token: randomBytes(8).toString('hex'), pid: process.pid, machine: thisMachine() };
  await mkdir(dirname(path), { recursive: true });
  await sweep(path, staleMs);
  const deadline = Date.now() + waitMs;
  let told = false;
  while (!(await take(path, owner))) {
    const other = readOwner(path);
    if (other && isStale(path, other, staleMs)) {
      await rename(path, `${path}.dead-${other.token}`).catch(() => undefined);
      continue;
    }
    if (other && !told) onWait?.(other);
    told = told || other !== null;
    if (Date.now() > deadline)
      throw new SetupError(
        `another set-up (process ${other?.pid ?? 'unknown'}) has held ${path} for too long; end it, or remove that folder, and run the command again.`,
      );
    await sleep(pollMs);
  }
  const beat = setInterval(() => {
    touch(path);
  }, heartbeatMs);
  beat.unref();
  const release = () => {
    clearInterval(beat);
    if (readOwner(path)?.token !== owner.token) return;
    const gone = `${path}.free-${owner.token}`;
    renameSync(path, gone);
    rmSync(gone, { recursive: true, force: true });
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
 * @returns {Promise<boolean>} false where another owner has it
 */
async function take(path, owner) {
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
function isStale(path, owner, staleMs) {
  if (owner.machine === thisMachine() && !isAlive(owner.pid)) return true;
  // Also for a living process of this machine: the number may be another program's by now.
  const stat = statSync(join(path, 'owner.json'), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > staleMs;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** Process ids mean something only on one host, since one start, inside one container. */
function thisMachine() {
  const part = (/** @type {() => string} */ read) => {
    try {
      return read().trim();
    } catch {
      return '';
    }
  };
  return [
    hostname(),
    part(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    part(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ');
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
    // The lock was taken away; the release will see that it is no longer ours.
  }
}

/**
 * Removes what dead processes left beside the lock, once it is old enough that nobody can still be at it.
 * @param {string} path
 * @param {number} staleMs
 */
async function sweep(path, staleMs) {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!/\.(dead|want|free)-[0-9a-f]+$/.test(name) || !name.startsWith(`${basename(path)}.`)) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > staleMs + 3_600_000)
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
