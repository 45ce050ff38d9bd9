import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nodeBinary } from './nodeBinary.ts';

const run = promisify(execFile);
const launcher = path.resolve(import.meta.dirname, '../bin/run.mjs');

/** The oldest supported version of the lines 20 and 22, and recent ones of the lines 24 and 26. */
const supported = ['20.19.0', '22.12.0', '24.21.0', '26.12.1'];

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('other versions of Node', () => {
  it.each(supported)('%s runs the pipeline of npm start with the native backend', async (version) => {
    const node = await nodeBinary(version);
    const { stdout } = await run(node, ['--version']);
    expect(stdout.trim()).toBe(`v${version}`);
    const cwd = mkdtempSync(path.join(tmpdir(), 'onda-node-'));
    const env = { ...process.env, INIT_CWD: cwd };
    const pipeline = await run(node, [launcher, 'trainer', 'start'], { cwd, env });
    expect(pipeline.stdout).toContain('report  runs/lagged-sine/report.html');
    expect(pipeline.stdout).not.toContain('DIFFERS');
  });

  it('18 gets a message with the supported versions', async () => {
    const node = await nodeBinary('18.20.0');
    const failure = (await run(node, [launcher, 'start']).catch((error: unknown) => error)) as {
      code: number;
      stderr: string;
    };
    expect(failure.code).toBe(2);
    expect(failure.stderr).toMatch(/^[^\n]*20\.19[^\n]*\n$/);
  });
});
