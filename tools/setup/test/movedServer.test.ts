import { spawn, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
let folder: string;
let moved: string;

/** Builds the server and moves it, so that nothing is left at the path where it was built. */
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'onda-moved-'));
  const built = path.join(folder, 'built');
  const launcher = path.join(root, 'tools/setup/bin/run.mjs');
  execFileSync(process.execPath, [launcher, 'build', 'server', built, '--no-web'], { cwd: root });
  moved = path.join(folder, 'moved');
  cpSync(built, moved, { recursive: true });
  rmSync(built, { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the compiled server', () => {
  it('contains no path of the workspace', () => {
    const files = readdirSync(moved, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const withPath = files
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .filter((file) => readFileSync(file).includes(root));
    expect(files.length).toBeGreaterThan(100);
    expect(withPath).toEqual([]);
  });

  it('starts in another folder and answers requests', async () => {
    const server = spawn(process.execPath, [path.join(moved, 'program/cli.mjs'), 'serve'], {
      cwd: moved,
      env: {
        PATH: process.env.PATH,
        ONDA_SERVE_MODELS: path.join(root, 'examples/models'),
        ONDA_SERVE_HOST: '127.0.0.1',
        ONDA_SERVE_HTTP_PORT: '0',
        ONDA_SERVE_GRPC_PORT: '0',
        ONDA_SERVE_JSON: 'true',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const line = await new Promise<string>((resolve, reject) => {
      server.stdout.once('data', (data: Buffer) => {
        resolve(data.toString());
      });
      server.once('exit', reject);
    });
    const { http } = JSON.parse(line) as { http: string };
    expect((await fetch(`${http}/v2/health/ready`)).status).toBe(200);
    const inputs = [
      { name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [0.5] },
      { name: 'state_in', shape: [1, 32], datatype: 'FP32', data: Array.from({ length: 32 }, () => 0) },
    ];
    const response = await fetch(`${http}/v2/models/lagged-sine/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
    expect([response.status, outputs[0].data]).toEqual([200, [expect.any(Number)]]);
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
