import { fileURLToPath } from 'node:url';
import type { WorkerCommand } from './lineProcess.ts';

/**
 * How to run an app's command as `npm run` does, without what npm itself takes.
 *
 * @param app a folder of apps/
 */
export function appCommand(app: string, args: readonly string[]): WorkerCommand {
  const run = fileURLToPath(new URL('../../../setup/bin/run.mjs', import.meta.url));
  return { program: process.execPath, args: [run, app, ...args] };
}
