import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';
import { failureReason, runChild } from './child.mjs';
import type { Context, Row } from './context.mjs';
import { SetupError, stopwatch } from './context.mjs';
import { findOnPath, installCommand } from './machine.ts';

/** A program of the system that only the tests use. */
export interface TestProgram {
  part: string;
  /** Field of the set-up record, and key of its install command. */
  field: 'chromium' | 'redis' | 'haproxy';
  /** Environment variable with its path, which the set-up reads and the tests get. */
  variable: string;
  /** Names on PATH. */
  names: readonly string[];
  /** Debian package. */
  package: string;
  /** What the tests skip without it, a sentence. */
  cost: string;
}

export const testPrograms: readonly TestProgram[] = [
  {
    part: 'Chromium',
    field: 'chromium',
    variable: 'ONDA_CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    package: 'chromium',
    cost: 'The browser tests are skipped.',
  },
  {
    part: 'Redis',
    field: 'redis',
    variable: 'ONDA_REDIS_SERVER',
    names: ['redis-server', 'valkey-server'],
    package: 'redis-server',
    cost: 'The tests of sequence state in Redis are skipped.',
  },
  {
    part: 'HAProxy',
    field: 'haproxy',
    variable: 'ONDA_HAPROXY',
    names: ['haproxy'],
    package: 'haproxy',
    cost: 'The test of the load balancer in deploy/ is skipped.',
  },
];

/**
 * The path in the program's variable, else the program on PATH, else null.
 *
 * @throws SetupError where the variable does not name a program
 */
export function findProgram({ part, variable, names }: TestProgram, env: NodeJS.ProcessEnv): string | null {
  const named = env[variable];
  if (named) {
    try {
      accessSync(named, constants.X_OK);
      return named;
    } catch (error) {
      throw new SetupError(
        `${variable}: expected the path of ${part}, got ${named}, which is not executable; correct it, or unset it to search PATH.`,
        { cause: error },
      );
    }
  }
  // Debian installs servers into sbin, which is not on every user's PATH.
  const PATH = `${env.PATH ?? ''}${delimiter}/usr/sbin`;
  for (const name of names) {
    const path = findOnPath(name, { PATH });
    if (path) return path;
  }
  return null;
}

/** Finds a program or, as root on a system with apt-get, installs it. */
export async function ensureTestProgram(
  context: Context,
  program: TestProgram,
): Promise<{ row: Row; path: string | null }> {
  const seconds = stopwatch();
  const { part, field, variable, cost } = program;
  const found = findProgram(program, context.env);
  if (found) return { row: { part, state: 'found', detail: found, seconds: seconds() }, path: found };
  const remedy = `${installCommand(field, context.env)}; or set ${variable} to its path`;
  const missing = (detail: string): { row: Row; path: null } => ({
    row: { part, state: 'missing', detail, cost, remedy, seconds: seconds() },
    path: null,
  });
  if (process.getuid?.() !== 0 || !findOnPath('apt-get', context.env))
    return missing(`${part} was not found`);
  context.log(`${part}: installing the Debian package ${program.package}`);
  // Runlevel 1: a package with a service must not start it.
  const env = { ...context.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', program.package]]) {
    const result = await runChild('apt-get', args, { env });
    if (result.code !== 0) return missing(`apt-get ${args[0]} failed (${failureReason(result, /^E:/)})`);
  }
  const installed = findProgram(program, context.env);
  if (!installed) return missing(`apt-get installed ${program.package}, but ${part} is not on PATH`);
  return { row: { part, state: 'installed', detail: installed, seconds: seconds() }, path: installed };
}
