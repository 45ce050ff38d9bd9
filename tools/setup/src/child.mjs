// @ts-check
import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

// A set-up that is told to stop takes its pip and its compiler along.
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** @typedef {{ code: number, signal: NodeJS.Signals | null, stdout: string, stderr: string, missing: boolean }} ChildResult */

/**
 * Runs a program to its end. A program that is not there is a result (`missing`), not an exception.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options] `onLine` gets what it prints, as it comes
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
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      let rest = '';
      child[name].setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output[name] += text;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        if (options.onLine) lines.forEach(options.onLine);
      });
    }
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: 127, signal: null, stdout: '', stderr: error.message, missing: true });
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? 128, signal, ...output, missing: false });
    });
  });
}

/**
 * The first word of why a program failed that a person can use: its last line, or the signal that ended it.
 * @param {ChildResult} result
 * @param {RegExp} [preferred] lines that say more than the last one
 */
export function whyItFailed(result, preferred) {
  if (result.signal) return `it was ended by ${result.signal}`;
  const lines = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = preferred ? lines.filter((line) => preferred.test(line)) : [];
  return telling[0] ?? lines.at(-1) ?? `it ended with code ${result.code}`;
}
