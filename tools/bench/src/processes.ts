import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@onda/contract';

/** How to start a process. */
export interface Command {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
}

const root = new URL('../../../', import.meta.url);

/**
 * Runs a TypeScript file of this package in a Node process.
 *
 * @param file path relative to src/
 */
export function nodeCommand(file: string, args: readonly string[] = []): Command {
  return {
    program: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL(file, import.meta.url)), ...args],
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('tsconfig.base.json', root)) },
  };
}

/**
 * Runs an app's command as its npm script does, without npm.
 *
 * @param app a folder of apps/
 * @throws ConfigError for a command that no script of package.json runs
 */
export function appCommand(app: string, command: string, args: readonly string[]): Command {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const run = 'tools/setup/bin/run.mjs';
  if (!Object.values(scripts).includes(`node ${run} ${app} ${command}`))
    throw new ConfigError(
      `package.json: expected a script "node ${run} ${app} ${command}", found none; add it`,
    );
  return { program: process.execPath, args: [fileURLToPath(new URL(run, root)), app, command, ...args] };
}

export interface ProgramResult {
  /** 127 where the program is not installed. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. A program that is not installed is a result, not an exception. */
export function runProgram({ program, args, env }: Command): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => {
      resolve({ code: 127, stdout, stderr: error.message });
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 128, stdout, stderr });
    });
  });
}

/** The last line that a program printed. */
export function lastLine(...outputs: readonly string[]): string {
  return outputs.join('\n').trim().split('\n').at(-1)?.trim() ?? '';
}
