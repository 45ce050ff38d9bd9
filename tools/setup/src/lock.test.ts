import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './lock.mjs';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-lock-'));
  lock = join(folder, 'cache');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function ownedBy(owner: { token: string; pid: number; machine: string }): void {
  mkdirSync(lock);
  writeFileSync(join(lock, 'owner.json'), JSON.stringify(owner));
}

describe(withLock, () => {
  it('returns the result of the work, and leaves nothing', async () => {
    expect(await withLock(lock, () => Promise.resolve(7))).toBe(7);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is released when the work fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no room')))).rejects.toThrow('no room');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('runs waiting callers one at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(15);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 6 }, () => withLock(lock, work, { pollMs: 5 })));
    expect(most).toBe(1);
  });

  it('excludes other processes', async () => {
    const script = `
      import { withLock } from ${JSON.stringify(new URL('./lock.mjs', import.meta.url).href)};
      import { appendFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      await withLock(process.argv[1], async () => {
        appendFileSync(process.argv[2], 'in ');
        await sleep(60);
        appendFileSync(process.argv[2], 'out ');
      }, { pollMs: 5 });`;
    const log = join(folder, 'log');
    const run = (): Promise<number | null> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script, lock, log]);
        child.on('close', resolve);
      });
    expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(3));
  });

  it('takes over the lock of a killed process', async () => {
    const script = `
      import { withLock } from ${JSON.stringify(new URL('./lock.mjs', import.meta.url).href)};
      await withLock(process.argv[1], () => new Promise(() => setTimeout(() => {}, 60_000)));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, lock]);
    while (!existsSync(lock)) await sleep(10);
    let waited = 0;
    const mine = withLock(lock, () => Promise.resolve('mine'), {
      pollMs: 5,
      log: () => {
        waited += 1;
        child.kill('SIGKILL');
      },
    });
    expect(await mine).toBe('mine');
    expect(waited).toBe(1);
  });

  it('is taken over by only one of many waiting callers', async () => {
    // Of another machine, so that only its heartbeat counts.
    ownedBy({ token: 'dead', pid: 1, machine: 'another' });
    utimesSync(join(lock, 'owner.json'), new Date(0), new Date(0));
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(15);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 6 }, () => withLock(lock, work, { pollMs: 1 })));
    expect(most).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });

  it('waits for an owner on another machine with a heartbeat, and names it after the timeout', async () => {
    ownedBy({ token: 'live', pid: 4321, machine: `${hostname()} elsewhere` });
    await expect(
      withLock(lock, () => Promise.resolve(), { pollMs: 5, waitMs: 40, staleMs: 60_000 }),
    ).rejects.toThrow(
      `${lock} has been locked by another set-up (process 4321) for too long; end that process or remove the folder, and run the command again.`,
    );
    expect(existsSync(lock)).toBe(true);
  });

  it('updates its heartbeat', async () => {
    await withLock(
      lock,
      async () => {
        utimesSync(join(lock, 'owner.json'), new Date(0), new Date(0));
        await sleep(60);
        await expect(
          withLock(lock, () => Promise.resolve(), { pollMs: 5, waitMs: 40, staleMs: 50_000 }),
        ).rejects.toThrow('for too long');
      },
      { heartbeatMs: 10 },
    );
  });
});
