// @ts-check
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The workspace that is set up, and the way to report progress.
 * @typedef {object} Context
 * @property {string} root root folder of the workspace
 * @property {string} cache folder for files that outlast node_modules
 * @property {NodeJS.ProcessEnv} env
 * @property {(line: string) => void} log prints a line
 * @property {(text: string | null) => void} progress replaces the progress line of a terminal; null clears it
 */

/**
 * The result for one part of the set-up.
 * @typedef {object} Row
 * @property {string} part
 * @property {'found' | 'installed' | 'missing' | 'skipped'} state
 * @property {string} detail version and location, or the reason as a clause
 * @property {string} [cost] of a missing part: the consequence, a sentence
 * @property {string} [remedy] of a missing part: how to install it, a clause
 * @property {number} [megabytes] size on disk, of an installed part
 * @property {number} [downloadedMegabytes]
 * @property {number} seconds
 */

/** An error of the set-up whose message is one complete sentence, printed without a stack trace. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ exitCode?: 1 | 2, cause?: unknown }} [options]
   */
  constructor(message, options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SetupError';
    /** Exit code of the command: 1 it ran and the result is bad, 2 invalid arguments or input. */
    this.exitCode = options.exitCode ?? 2;
  }
}

/** A part that is not available on this machine and that has a fall-back. */
export class MissingPart extends SetupError {
  /**
   * @param {string} what the reason, as a clause: `there is no C++ compiler (g++)`
   * @param {string} remedy a command such as `apt-get install -y g++`, or a clause
   */
  constructor(what, remedy) {
    super(`${what}; remedy: ${remedy}`);
    this.name = 'MissingPart';
    this.what = what;
    this.remedy = remedy;
  }
}

/**
 * @param {unknown} error anything thrown
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The context of this process: its environment, the user's cache folder and the terminal.
 * @param {string} root
 * @returns {Context}
 */
export function processContext(root) {
  return { root, cache: cacheFolder(process.env), env: process.env, ...terminal(process.stderr) };
}

/**
 * The folder for files that outlast node_modules: ONDA_CACHE, else `onda` in the user's cache folder.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} an absolute path
 */
export function cacheFolder(env) {
  if (env.ONDA_CACHE) return resolve(env.ONDA_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'onda');
  return join(homedir(), '.cache', 'onda');
}

/**
 * Prints to stderr: stdout belongs to the command that runs after the set-up.
 * @param {NodeJS.WriteStream} stream
 * @returns {Pick<Context, 'log' | 'progress'>}
 */
function terminal(stream) {
  let width = 0;
  const clear = () => {
    if (width > 0) stream.write(`\r${' '.repeat(width)}\r`);
    width = 0;
  };
  return {
    log: (line) => {
      clear();
      stream.write(`${line}\n`);
    },
    progress: (text) => {
      if (!stream.isTTY) return;
      clear();
      if (text === null) return;
      stream.write(text);
      width = text.length;
    },
  };
}

/** @returns {() => number} seconds since the call, with one decimal */
export function stopwatch() {
  const start = performance.now();
  return () => Math.round((performance.now() - start) / 100) / 10;
}
