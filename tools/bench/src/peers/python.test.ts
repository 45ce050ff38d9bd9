import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePython } from './python.ts';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'onda-python-'));
  writeFileSync(path.join(folder, 'requirements.txt'), 'made-up==1.0\n');
  said = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a `python3` on the path that stands for a host's: it tells its version, makes folders, and lets pip end with `pipCode`. */
function fakePython(pipCode: number): NodeJS.ProcessEnv {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh
case "$*" in
  -c*) echo "$0"; echo 3.11.7 ;;
  *venv*) for last; do :; done; mkdir -p "$last/bin"; : > "$last/bin/python" ;;
  *) echo 'Collecting made-up'; echo 'ERROR: No matching distribution found' >&2; exit ${pipCode} ;;
esac
`;
  writeFileSync(path.join(bin, 'python3'), script, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin`, ONDA_CACHE: path.join(folder, 'cache') };
}

const ensure = (env: NodeJS.ProcessEnv): ReturnType<typeof ensurePython> =>
  ensurePython(
    { name: 'MadeUp', requirements: path.join(folder, 'requirements.txt'), size: '1 MB' },
    (line) => said.push(line),
    env,
  );

describe(ensurePython, () => {
  it('makes the environment once, saying what it fetches', async () => {
    const env = fakePython(0);
    const made = await ensure(env);
    expect(made).toEqual({
      python: expect.stringMatching(/cache\/bench\/madeup-[0-9a-f]{16}\/bin\/python$/) as string,
    });
    expect(await ensure(env)).toEqual(made);
    expect(said).toEqual([
      expect.stringMatching(/^MadeUp: fetching 1 MB, with pip into .* \(made-up==1\.0\)$/),
    ]);
  });

  it('leaves nothing when pip fails, and says why', async () => {
    const env = fakePython(1);
    expect(await ensure(env)).toEqual({
      missing: 'pip failed (No matching distribution found)',
      remedy: 'connect to a package index (pip config list shows which is used)',
    });
    expect(readdirSync(path.join(folder, 'cache', 'bench'))).toEqual([]);
  });

  it('removes what a killed run left', async () => {
    const env = fakePython(0);
    const { python } = (await ensure(env)) as { python: string };
    const made = path.dirname(path.dirname(python));
    rmSync(made, { recursive: true });
    // No process has this number: they end at 2 ** 22.
    mkdirSync(`${made}.99999999.part`);
    await ensure(env);
    expect(readdirSync(path.dirname(made))).toEqual([path.basename(made)]);
  });

  it('says how to get a Python where there is none', async () => {
    expect(await ensure({ PATH: folder, ONDA_CACHE: folder })).toEqual({
      missing: 'there is no Python with pip',
      remedy: 'install Python 3.11 or newer with pip',
    });
  });
});
