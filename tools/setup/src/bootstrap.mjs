// @ts-check
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endChildren } from './child.mjs';
import { backendChoice, parseCommand } from './commandLine.mjs';
import { messageOf, processContext, SetupError } from './context.mjs';
import { ensurePackages } from './npmPackages.mjs';
import { ensureProgram } from './programCache.mjs';

/**
 * Installs the npm packages, then runs the command, whose code is TypeScript (cli.ts). This file and the modules that it imports run
 * before any package is installed: plain JavaScript on Node's own modules.
 * @param {readonly string[]} args of bin/run.mjs
 */
export async function bootstrap(args) {
  const removeListeners = [exitOnSignal('SIGINT', 130), exitOnSignal('SIGTERM', 143)];
  const releaseSignals = () => {
    for (const remove of removeListeners) remove();
  };
  try {
    const command = parseCommand(args);
    if (command.name === 'help') {
      console.log(command.text);
      return;
    }
    const context = processContext(fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, ''));
    backendChoice(context.env);
    const packages = await ensurePackages(context);
    /** @type {typeof import('./cli.ts')} */
    const { runCommand } = await import(pathToFileURL(await compiledCommands(context)).href);
    process.exitCode = await runCommand(command, context, packages, releaseSignals);
  } catch (error) {
    process.exitCode = error instanceof SetupError ? error.exitCode : 1;
    process.stderr.write(`${describe(error)}\n`);
  } finally {
    releaseSignals();
  }
}

/**
 * Compiles cli.ts once for each state of tools/setup/src.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<string>}
 */
function compiledCommands(context) {
  const sources = join(context.root, 'tools', 'setup', 'src');
  return ensureProgram(context, 'setup', [sources], async (folder) => {
    const { build } = await import('esbuild');
    await build({
      absWorkingDir: context.root,
      entryPoints: [join(sources, 'cli.ts')],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      packages: 'external',
      // Shared with this process, which has them loaded.
      external: [join(sources, '*.mjs')],
      sourcemap: 'inline',
      logLevel: 'silent',
    });
  });
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof SetupError) return error.message;
  const code = /** @type {NodeJS.ErrnoException} */ (error).code;
  if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return `The set-up could not write a file (${messageOf(error)}); free disk space, change the permissions or set ONDA_CACHE to another folder, and run the command again.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Exits on a signal during the set-up, after the child processes have ended; the `exit` listeners release the locks.
 * @param {NodeJS.Signals} signal
 * @param {number} code
 * @returns {() => void} removes the listener
 */
function exitOnSignal(signal, code) {
  let interrupted = false;
  const exit = () => {
    if (process.listenerCount(signal) > 1) return;
    // A second signal does not wait.
    if (interrupted) process.exit(code);
    interrupted = true;
    void endChildren().then(() => process.exit(code));
  };
  process.on(signal, exit);
  return () => {
    process.off(signal, exit);
  };
}
