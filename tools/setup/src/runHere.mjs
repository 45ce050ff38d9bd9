// @ts-check
import { pathToFileURL } from 'node:url';
import { watchParent } from './watchParent.mjs';

/**
 * Runs a program as the rest of this process, whose start it saves: it finds its arguments, folder and environment as if it had been
 * started with them, and the signals are its own.
 * @param {string} program a file of JavaScript that is done when its import is
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} the exit code that it has set; 1 where it threw
 */
export async function runHere(program, args, { cwd, env }) {
  process.argv = [process.execPath, program, ...args];
  process.chdir(cwd);
  Object.assign(process.env, env);
  const stopWatching = watchParent(env, () => process.kill(process.pid, 'SIGTERM'));
  try {
    await import(pathToFileURL(program).href);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // A defect of the program, not of the set-up, which tells of its own in another way.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    stopWatching();
  }
}
