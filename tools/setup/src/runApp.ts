import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureCompiledApp } from './compileApp.ts';
import type { Context } from './context.mjs';
import { SetupError } from './context.mjs';

interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Runs a command of an app or a tool in the folder where npm was called: an app as a compiled program in this process, a tool from its
 * TypeScript sources in a child process.
 *
 * @param app            a folder of apps/ or tools/
 * @param args           the command and its arguments
 * @param releaseSignals called before an app takes over this process with its signals
 * @returns its exit code
 */
export async function runApp(
  context: Context,
  app: string,
  args: readonly string[],
  releaseSignals: () => void,
): Promise<number> {
  const { root, env } = context;
  const appCli = join(root, 'apps', app, 'src', 'cli.ts');
  const toolCli = join(root, 'tools', app, 'src', 'cli.ts');
  if (!/^[a-z-]+$/.test(app) || !(existsSync(appCli) || existsSync(toolCli)))
    throw new SetupError(
      `run: expected the name of an app or tool with a command line (apps/NAME/src/cli.ts), got ${JSON.stringify(app)}.`,
    );
  const options = {
    cwd: env.INIT_CWD ?? process.cwd(),
    env: {
      ...env,
      TSX_TSCONFIG_PATH: join(root, 'tsconfig.base.json'),
      TF_CPP_MIN_LOG_LEVEL: env.TF_CPP_MIN_LOG_LEVEL ?? '2',
      // Also for the Python processes of the benches; see silenceTelemetry in libs/runtime-node.
      ORT_DISABLE_TELEMETRY: env.ORT_DISABLE_TELEMETRY ?? '1',
    },
  };
  if (existsSync(appCli)) {
    const program = await ensureCompiledApp(context, app);
    releaseSignals();
    return runInProcess(program, args, options);
  }
  // The loader's URL: a bare name would be resolved from the folder where npm was called.
  const tsx = pathToFileURL(createRequire(join(root, 'package.json')).resolve('tsx')).href;
  return passThrough(process.execPath, ['--import', tsx, toolCli, ...args], options);
}

/**
 * Runs a program in this process, which saves the start of another one. The program gets its arguments, folder, environment and signals
 * as in a separate process.
 *
 * @param program a JavaScript file that is done when its import is
 * @returns its exit code; 1 where it threw
 */
export async function runInProcess(
  program: string,
  args: readonly string[],
  { cwd, env }: RunOptions,
): Promise<number> {
  process.argv = [process.execPath, program, ...args];
  process.chdir(cwd);
  Object.assign(process.env, env);
  const stopWatching = watchParent(env, () => process.kill(process.pid, 'SIGTERM'));
  try {
    await import(pathToFileURL(program).href);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // A defect of the program: it must not look like an error of the set-up.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    stopWatching();
  }
}

/**
 * Runs a program in a child process with this process's streams, and forwards signals to it.
 *
 * @returns its exit code; 128 plus the signal's number where a signal ended it; 127 where it is missing
 */
export function passThrough(
  command: string,
  args: readonly string[],
  options: RunOptions & { stdio?: StdioOptions },
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: 'inherit', ...options });
    const forward = (signal: NodeJS.Signals): void => {
      // The terminal sends Ctrl+C to the child too; a second signal would end it without cleanup.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, forward);
    const stopWatching = watchParent(options.env, () => child.kill('SIGTERM'));
    const end = (code: number): void => {
      stopWatching();
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.on('error', () => {
      end(127);
    });
    child.on('close', (code, signal) => {
      end(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

const PARENT_CHECK_MS = 500;

/**
 * Calls `onEnd` when the parent process has ended, under npm only: npm sends SIGTERM to the shell between itself and this process, and
 * the shell ends without forwarding it.
 *
 * @returns stops the check
 */
function watchParent(env: NodeJS.ProcessEnv, onEnd: () => void): () => void {
  if (!env.npm_lifecycle_event) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, PARENT_CHECK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
