import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endChildren, failureReason, runChild } from './child.mjs';

describe(runChild, () => {
  it('returns the exit code and the output', async () => {
    const script = "console.log('out'); console.error('err'); process.exit(3)";
    expect(await runChild(process.execPath, ['-e', script])).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      missing: false,
    });
  });

  it('reports a missing program', async () => {
    expect(await runChild('/no/such/program', [])).toMatchObject({ code: 127, missing: true });
  });
});

describe(failureReason, () => {
  const result = { code: 1, signal: null, stdout: 'start\n', stderr: 'error: a\nend\n', missing: false };

  it('is the first preferred line, else the last one, else the exit code', () => {
    expect(failureReason(result, /^error:/)).toBe('error: a');
    expect(failureReason(result)).toBe('end');
    expect(failureReason({ ...result, stdout: '', stderr: '' })).toBe('it ended with code 1');
  });
});

describe(endChildren, () => {
  it('waits until a program has cleaned up, and drops its result', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onda-child-'));
    const script = `
      const { writeFileSync } = require('node:fs');
      const [up, cleaned] = process.argv.slice(1);
      process.on('SIGTERM', () => setTimeout(() => { writeFileSync(cleaned, ''); process.exit(0); }, 200));
      writeFileSync(up, '');
      setInterval(() => {}, 1000);`;
    const [up = '', cleaned = ''] = ['up', 'cleaned'].map((name) => join(folder, name));
    let ended = false;
    void runChild(process.execPath, ['-e', script, up, cleaned]).then(() => (ended = true));
    while (!existsSync(up)) await sleep(10);
    await endChildren();
    expect([existsSync(cleaned), ended]).toEqual([true, false]);
    rmSync(folder, { recursive: true });
  });
});
