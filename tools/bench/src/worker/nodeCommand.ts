import { fileURLToPath } from 'node:url';
import type { WorkerCommand } from './lineProcess.ts';

/**
 * How to run a TypeScript file of this package in a Node process of its own.
 *
 * @param file its address
 */
export function nodeCommand(file: URL, args: readonly string[] = []): WorkerCommand {
  return {
    program: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), fileURLToPath(file), ...args],
    env: {
      ...process.env,
      TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../../tsconfig.base.json', import.meta.url)),
    },
  };
}
