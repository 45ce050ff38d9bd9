// @ts-check
import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

let interrupted = false;

/**
 * Ends the running programs and waits for them: npm restores node_modules before it ends, and the lock must be held until then. Their
 * results are dropped.
 */
export async function endChildren() {
  interrupted = true;
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
      return new Promise((resolve) => child.once('close', resolve)).finally(() => {
        clearTimeout(kill);
      });
    }),
  );
}

/** @typedef {{ code: number, signal: NodeJS.Signals | null, stdout: string, stderr: string, missing: boolean }} ChildResult */

/**
 * Runs a program and collects its output. A program that does not exist is a result (`missing`), not an exception.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<ChildResult>} `code` is 127 where the program is missing, 128 where a signal ended it
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    running.add(child);
    for (const name of /** @type {const} */ (['stdout', 'stderr']))
      child[name].setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output[name] += text;
      });
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: 127, signal: null, stdout: '', stderr: error.message, missing: true });
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (!interrupted) resolve({ code: code ?? 128, signal, ...output, missing: false });
    });
  });
}

/**
 * The line of a failed program's output that states the reason: the first that matches `preferred`, else the last one.
 * @param {ChildResult} result
 * @param {RegExp} [preferred]
 */
export function failureReason(result, preferred) {
  if (result.signal) return `it was ended by ${result.signal}`;
  const lines = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const best = preferred && lines.find((line) => preferred.test(line));
  return best ?? lines.at(-1) ?? `it ended with code ${result.code}`;
}
