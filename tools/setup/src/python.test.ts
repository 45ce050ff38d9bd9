import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from './context.mjs';
import { ensurePython, pythonEnvironments } from './python.ts';
import { readSetupRecord } from './setupRecord.ts';
import { testVariables } from './testCommand.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-setup-'));
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a `python3` that looks as if it had pip. */
function putPython(pip: string): void {
  const python = join(folder, 'bin', 'python3');
  writeFileSync(
    python,
    `#!/bin/sh\nif [ "$1" = -c ]; then echo "${python}"; echo 3.11; exit 0; fi\nif [ "$1" = -m ]; then ${pip}; fi\necho "path $PYTHONPATH"\n`,
  );
  chmodSync(python, 0o755);
}

const context = (): Context => ({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  cache: join(folder, 'cache'),
  env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
  log: () => undefined,
  progress: () => undefined,
});

describe(ensurePython, () => {
  it('installs the packages of each environment once, in a separate folder', async () => {
    putPython('echo "$@" >> "$(dirname "$0")/calls"; exit 0');
    for (const environment of pythonEnvironments) {
      const first = await ensurePython(context(), environment);
      expect(first.row).toMatchObject({ part: environment.part, state: 'installed' });
      expect((await ensurePython(context(), environment)).row.state).toBe('found');
      const site = execFileSync(String(first.python), { encoding: 'utf8' });
      expect(site).toBe(`path ${String(first.python).replace(/python$/, 'site')}\n`);
    }
    const calls = readFileSync(join(folder, 'bin', 'calls'), 'utf8')
      .trim()
      .split('\n');
    expect(calls.map((call) => call.split('/').at(-1))).toEqual(
      pythonEnvironments.map(({ requirements }) => requirements),
    );
  });

  it('reports the reason, the consequence and the remedy where pip fails', async () => {
    putPython('echo "ERROR: No matching distribution found" >&2; exit 1');
    const [environment] = pythonEnvironments;
    expect(await ensurePython(context(), environment)).toMatchObject({
      python: null,
      row: {
        state: 'missing',
        detail: 'pip could not install onnx, onnxruntime and numpy (No matching distribution found)',
        cost: "The checks by Python's onnx and onnxruntime are skipped.",
        remedy: 'install Python 3.11 or newer and connect to a package index',
      },
    });
  });
});

describe(testVariables, () => {
  it('contains the environments of the record', () => {
    const record = { ...readSetupRecord(folder), clientsPython: '/cache/clients/python' };
    expect(testVariables(record)).toEqual({ ONDA_CLIENTS_PYTHON: '/cache/clients/python' });
  });
});
