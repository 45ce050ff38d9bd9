import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from './place.mjs';
import { ensurePython } from './pythonEnvironment.mjs';
import { pythonEnvironments, pythonVariables } from './pythonEnvironments.mjs';
import { readSetupRecord } from './setupRecord.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-setup-'));
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A `python3` that has pip, as far as the set-up can tell. */
function putPython(pip: string): void {
  const python = join(folder, 'bin', 'python3');
  writeFileSync(
    python,
    `#!/bin/sh\nif [ "$1" = -c ]; then echo "${python}"; echo 3.11; exit 0; fi\nif [ "$1" = -m ]; then ${pip}; fi\necho "path $PYTHONPATH"\n`,
  );
  chmodSync(python, 0o755);
}

const place = (): Place => ({
  root: folder,
  cache: join(folder, 'cache'),
  env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
  log: () => undefined,
  progress: () => undefined,
});

describe(ensurePython, () => {
  it('installs once what an environment pins, in a folder of its own', async () => {
    putPython('echo "$@" >> "$(dirname "$0")/calls"; exit 0');
    for (const environment of pythonEnvironments) {
      const first = await ensurePython(place(), environment);
      expect(first.row).toMatchObject({ part: environment.part, state: 'brought in' });
      expect((await ensurePython(place(), environment)).row.state).toBe('found');
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

  it('says what is missing, what that costs and what to do where pip fails', async () => {
    putPython('echo "ERROR: No matching distribution found" >&2; exit 1');
    const [environment] = pythonEnvironments;
    expect(await ensurePython(place(), environment)).toMatchObject({
      python: null,
      row: {
        state: 'missing',
        detail: 'pip could not install onnx, onnxruntime and numpy (No matching distribution found)',
        cost: "The checks by Python's onnx and onnxruntime are left out.",
        remedy: 'they need Python 3.11 or newer and a package index',
      },
    });
  });
});

describe(pythonVariables, () => {
  it('names what is there and leaves out what is not', () => {
    const record = { ...readSetupRecord(folder), clientsPython: '/cache/clients/python' };
    expect(pythonVariables(record)).toEqual({ ONDA_CLIENTS_PYTHON: '/cache/clients/python' });
  });
});
