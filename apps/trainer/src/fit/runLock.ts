import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { ConfigError } from '@onda/contract';
import { cannotWrite } from '../files.ts';

/** The process that writes to a run folder. */
interface Owner {
  token: string;
  pid: number;
  /** Start time of the process: process ids are reused. */
  started: string;
  machine: string;
}

const lockName = 'lock';
const mostAttempts = 20;

/**
 * Locks a run folder, which is created if it does not exist. The lock is a folder with an owner file, created by one rename. The lock of a
 * process that has ended is renamed to a name with its token first, so that two processes cannot take over each other's lock.
 *
 * @returns a function that releases the lock
 * @throws ConfigError if another process has the lock; DataError if the folder cannot be written
 */
export function lockRun(folder: string): () => void {
  const owner: Owner = {
    token: randomBytes(8).toString('hex'),
    pid: process.pid,
    started: startOf(process.pid),
    machine: thisMachine(),
  };
  const lock = path.join(folder, lockName);
  const own = `${lock}.${owner.token}`;
  try {
    mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, 'owner.json'), JSON.stringify(owner));
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  try {
    for (let attempt = 0; !tryRename(own, lock); attempt++) {
      const other = ownerOf(lock);
      // The owner may have released the lock just now.
      if (other === null && attempt < mostAttempts) continue;
      if (other === null) throw cannotWrite(lock, new Error('it is no lock of a fit'));
      if (isRunning(other)) {
        throw new ConfigError(
          `run folder ${folder}: expected a folder that no other fit writes to, got one that is in use by process ${other.pid}${other.machine === owner.machine ? '' : ` of ${other.machine.split(' ')[0]}`}; wait for it, choose another folder with --out, or remove ${lock} if there is no such fit`,
        );
      }
      const dead = `${lock}.dead-${other.token}`;
      if (tryRename(lock, dead)) rmSync(dead, { recursive: true, force: true });
    }
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    throw error;
  }
  const release = (): void => {
    process.removeListener('exit', release);
    if (ownerOf(lock)?.token === owner.token) rmSync(lock, { recursive: true, force: true });
  };
  process.once('exit', release);
  return release;
}

/** False if the target exists, or the source does not. */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function ownerOf(lock: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path.join(lock, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** Whether the owner may still run; of another machine this is not known. */
function isRunning({ pid, started, machine }: Owner): boolean {
  if (machine !== thisMachine()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return started === startOf(pid);
}

/** Start time of a process in clock ticks since boot, where /proc exists; else empty. */
function startOf(pid: number): string {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field, the name in parentheses, may contain spaces; the start is field 22.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Process ids are comparable only on one host, since one boot, in one container. */
function thisMachine(): string {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return [hostname(), boot, orEmpty(() => readlinkSync('/proc/self/ns/pid'))].join(' ');
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
