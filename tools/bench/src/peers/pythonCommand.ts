import { fileURLToPath } from 'node:url';
import type { WorkerCommand } from '../worker/lineProcess.ts';

/** How to run one of the scripts in peers/, on the CPU and with each library's own number of threads. */
export function pythonCommand(python: string, script: string, args: readonly string[] = []): WorkerCommand {
  return {
    program: python,
    args: [peerFile(script), ...args],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: '' },
  };
}

/** The path of a file in peers/. */
export function peerFile(name: string): string {
  return fileURLToPath(new URL(`../../peers/${name}`, import.meta.url));
}
