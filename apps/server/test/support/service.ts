import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../src/cli/readOptions.ts';
import type { ServeOptions } from '../../src/cli/serveOptions.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export const exampleModels = fileURLToPath(new URL('../../../../examples/models', import.meta.url));

/** A service as its user starts it: a process, a free port. */
export interface ServiceProcess {
  url: string;
  port: number;
  process: ChildProcess;
  /** The text that it has printed so far. */
  stderr: () => string;
  /** The line that `--json` printed. */
  ready: Ready;
  /** Sends SIGTERM and waits. */
  stop: () => Promise<number | null>;
}

interface Ready {
  ready: boolean;
  http: string;
  grpc?: string;
  metrics?: string;
  admin?: string;
  adminGrpc?: string;
  models: { name: string; version: string; provider: string }[];
}

export async function startService(
  models = exampleModels,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = start(['serve', '--models', models, '--http-port', '0', '--json', ...options], env);
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    let stdout = '';
    child.stdout?.on('data', (data: Buffer) => {
      stdout += data.toString();
      if (stdout.includes('\n')) resolve(stdout);
    });
    child.once('exit', (code) => {
      reject(new Error(`the service ended with exit code ${String(code)}: ${stderr}`));
    });
  });
  const ready = JSON.parse(line) as Ready;
  return {
    url: ready.http,
    port: Number(new URL(ready.http).port),
    process: child,
    stderr: () => stderr,
    ready,
    stop: () => {
      const exit = exitOf(child);
      child.kill('SIGTERM');
      return exit;
    },
  };
}

/** Options for a service in this process: the example models on a free port, and the defaults. */
export async function serveOptions(options: Partial<ServeOptions>): Promise<ServeOptions> {
  const defaults = await readOptions({ flags: { models: exampleModels, httpPort: '0' }, env: {} });
  return { ...defaults, drainDelayMs: 0, ...options };
}

/** Runs the command to its end. */
export async function runCommand(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(args);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  return { code: await exitOf(child), stdout, stderr };
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('close', resolve));
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', cli, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
}
