// @ts-check
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { watchParent } from './watchParent.mjs';

/**
 * Runs a program in this one's place: its streams, its exit code, its signals.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions }} options
 * @returns {Promise<number>} its exit code; 128 and the signal's number where a signal ended it; 127 where it is missing
 */
export function passThrough(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: 'inherit', ...options });
    /** @type {Partial<Record<NodeJS.Signals, () => void>>} */
    const listeners = {};
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      listeners[signal] = () => {
        // A terminal's Ctrl+C reaches the child by itself; a second one would read as impatience.
        if (signal === 'SIGINT' && process.stdin.isTTY) return;
        child.kill(signal);
      };
      process.on(signal, listeners[signal]);
    }
    const stopWatching = watchParent(options.env, () => child.kill('SIGTERM'));
    /** @param {number} code */
    const end = (code) => {
      stopWatching();
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
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
