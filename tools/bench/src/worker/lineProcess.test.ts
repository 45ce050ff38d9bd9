import { ResultError } from '@onda/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LineProcess } from './lineProcess.ts';

/** A worker that gives back `say`, fails at `fail`, and ends at `end`. */
const program = `
const { createInterface } = require('node:readline');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { say, fail, end } = JSON.parse(line);
  if (end) { console.error('noise'); console.error('no room left'); process.exit(end); }
  console.log(fail === 'garbage' ? fail : JSON.stringify(fail ? { error: fail } : { ok: { said: say } }));
});`;

let worker: LineProcess;
const open = (): LineProcess =>
  (worker = new LineProcess('echo', { program: process.execPath, args: ['-e', program] }));
const answer = z.strictObject({ said: z.string() });
const advice = '; run the bench without it (--systems)';

afterEach(async () => {
  await worker.close();
});

describe(LineProcess, () => {
  it('answers one question after the other', async () => {
    open();
    expect(await worker.ask({ say: 'a' }, answer)).toEqual({ said: 'a' });
    expect(await worker.ask({ say: 'b' }, answer)).toEqual({ said: 'b' });
  });

  it('tells what a worker could not do, and goes on', async () => {
    open();
    await expect(worker.ask({ fail: 'no such net' }, answer)).rejects.toThrow(
      new ResultError(`worker echo: no such net${advice}`),
    );
    expect(await worker.ask({ say: 'a' }, answer)).toEqual({ said: 'a' });
  });

  it('refuses an answer of another shape', async () => {
    open();
    await expect(worker.ask({ say: 5 }, answer)).rejects.toThrow(
      `worker echo: its answer to {"say":5} is none: Invalid input: expected string, received number${advice}`,
    );
    await expect(worker.ask({ fail: 'garbage' }, answer)).rejects.toThrow(
      `worker echo: it answered "garbage"${advice}`,
    );
  });

  it('tells how a worker ended', async () => {
    open();
    const message = `worker echo: it ended with code 3: no room left${advice}`;
    await expect(worker.ask({ end: 3 }, answer)).rejects.toThrow(new ResultError(message));
    await expect(worker.ask({ say: 'a' }, answer)).rejects.toThrow(new ResultError(message));
  });

  it('tells that a program is not there', async () => {
    worker = new LineProcess('ghost', { program: '/no/such/program', args: [] });
    await expect(worker.ask({}, answer)).rejects.toThrow(
      `worker ghost: spawn /no/such/program ENOENT${advice}`,
    );
  });
});
