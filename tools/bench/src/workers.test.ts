import { ResultError } from '@onda/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Worker } from './workers.ts';

/** A worker that returns `say`, fails with `fail`, and ends with the exit code `end`. */
const program = `
const { createInterface } = require('node:readline');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { say, fail, end } = JSON.parse(line);
  if (end) { console.error('noise'); console.error('no room left'); process.exit(end); }
  console.log(fail === 'garbage' ? fail : JSON.stringify(fail ? { error: fail } : { ok: { said: say } }));
});`;

let worker: Worker;
const open = (): Worker =>
  (worker = new Worker('echo', { program: process.execPath, args: ['-e', program] }));
const answer = z.strictObject({ said: z.string() });
const advice = '; run the bench without it (--systems)';

afterEach(async () => {
  await worker.close();
});

describe(Worker, () => {
  it('answers requests in order', async () => {
    open();
    expect(await worker.ask({ do: 'test', say: 'a' }, answer)).toEqual({ said: 'a' });
    expect(await worker.ask({ do: 'test', say: 'b' }, answer)).toEqual({ said: 'b' });
  });

  it('reports a failure and continues', async () => {
    open();
    await expect(worker.ask({ do: 'test', fail: 'no such net' }, answer)).rejects.toThrow(
      new ResultError(`worker echo: no such net${advice}`),
    );
    expect(await worker.ask({ do: 'test', say: 'a' }, answer)).toEqual({ said: 'a' });
  });

  it('rejects an answer of another shape', async () => {
    open();
    await expect(worker.ask({ do: 'test', say: 5 }, answer)).rejects.toThrow(
      `worker echo: invalid answer to {"do":"test","say":5}: Invalid input: expected string, received number${advice}`,
    );
    await expect(worker.ask({ do: 'test', fail: 'garbage' }, answer)).rejects.toThrow(
      `worker echo: it answered "garbage"${advice}`,
    );
  });

  it('reports how a worker ended', async () => {
    open();
    const message = `worker echo: it ended with code 3: no room left${advice}`;
    await expect(worker.ask({ do: 'test', end: 3 }, answer)).rejects.toThrow(new ResultError(message));
    await expect(worker.ask({ do: 'test', say: 'a' }, answer)).rejects.toThrow(new ResultError(message));
  });

  it('reports a program that is not installed', async () => {
    worker = new Worker('ghost', { program: '/no/such/program', args: [] });
    await expect(worker.ask({ do: 'test' }, answer)).rejects.toThrow(
      `worker ghost: spawn /no/such/program ENOENT${advice}`,
    );
  });
});
