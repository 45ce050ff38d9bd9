import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@onda/contract';
import type { WorkerCommand } from './lineProcess.ts';

const root = new URL('../../../../', import.meta.url);

/**
 * How to run an app's command as `npm run` does, with the options that its script gives Node and without what npm itself takes.
 *
 * @param app a folder of apps/
 * @throws ConfigError for a command that no script of package.json runs
 */
export function appCommand(app: string, command: string, args: readonly string[]): WorkerCommand {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const script of Object.values(scripts)) {
    const match = /^node (.*?)tools\/setup\/bin\/run\.mjs (\S+) (\S+)$/.exec(script);
    if (match?.[2] !== app || match[3] !== command) continue;
    const options = match[1].split(' ').filter((option) => option !== '');
    const run = fileURLToPath(new URL('tools/setup/bin/run.mjs', root));
    return { program: process.execPath, args: [...options, run, app, command, ...args] };
  }
  throw new ConfigError(
    `package.json: expected a script that runs ${app} ${command} by tools/setup/bin/run.mjs, got none; add one`,
  );
}
