// @ts-check
import { messageOf, SetupError } from './setupError.mjs';
import { cacheFolder, workspaceRoot } from './places.mjs';
import { terminal } from './terminal.mjs';

/**
 * The place of this run: this workspace, this user's cache, this terminal.
 * @returns {import('./place.mjs').Place}
 */
export function thisPlace() {
  return { root: workspaceRoot, cache: cacheFolder(process.env), env: process.env, ...terminal() };
}

/**
 * Runs a command to its exit code. A reason that is understood is printed alone; anything else is a defect, printed whole.
 * @param {(handOver: () => void) => Promise<number>} command calls `handOver` before it lets a program have the signals
 */
export async function runToExitCode(command) {
  const stop = [onSignal('SIGINT', 130), onSignal('SIGTERM', 143)];
  const handOver = () => {
    stop.forEach((off) => {
      off();
    });
  };
  try {
    process.exitCode = await command(handOver);
  } catch (error) {
    process.exitCode = error instanceof SetupError ? error.exitCode : 1;
    process.stderr.write(`${describe(error)}\n`);
  } finally {
    handOver();
  }
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof SetupError) return error.message;
  const code = /** @type {NodeJS.ErrnoException} */ (error).code;
  // The file system's refusals are about this machine, not about the program.
  if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return `The set-up could not write (${messageOf(error)}); make room or give rights there, or name another folder in ONDA_CACHE, and run the command again.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * While the set-up works, a signal ends it by way of `exit`, so that locks are given back and children end too.
 * @param {NodeJS.Signals} signal
 * @param {number} code
 */
function onSignal(signal, code) {
  const leave = () => {
    if (process.listenerCount(signal) === 1) process.exit(code);
  };
  process.on(signal, leave);
  return () => {
    process.off(signal, leave);
  };
}
