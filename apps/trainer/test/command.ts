import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const workspace = path.resolve(import.meta.dirname, '../../..');
export const examples = path.join(workspace, 'examples');

const cli = path.join(workspace, 'apps/trainer/src/cli.ts');
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Creates an empty folder outside the workspace for runs/ and models/. */
export const emptyFolder = (): string => mkdtempSync(path.join(tmpdir(), 'onda-trainer-'));

/** Runs a program to completion. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Arguments of Node that run the trainer's command line. */
export const cliArguments: readonly string[] = ['--import', tsx, cli];

/** Runs a command of the trainer in `cwd`. */
export function onda(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return runProgram(process.execPath, [...cliArguments, ...args], { cwd, env });
}
