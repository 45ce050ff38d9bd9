import type { Command } from './commandLine.mjs';
import { buildApp } from './buildApp.ts';
import type { Context, Row } from './context.mjs';
import { runApp } from './runApp.ts';
import { setupTable, setUp } from './setUp.ts';
import { runTests } from './testCommand.ts';
import { ensureWebBuild } from './webBuild.ts';

/**
 * Runs a command after the npm packages are installed.
 *
 * @param packages       the row of the npm packages, for the table
 * @param releaseSignals called before an app takes over this process with its signals
 * @returns exit code
 */
export async function runCommand(
  command: Exclude<Command, { name: 'help' }>,
  context: Context,
  packages: Row,
  releaseSignals: () => void,
): Promise<number> {
  switch (command.name) {
    case 'setup':
      return setupOnly(command, context, packages);
    case 'start': {
      const { rows } = await setUp(context, packages, {});
      if (rows.some((row) => row.state !== 'found')) context.log(`${setupTable(rows)}\n`);
      await ensureWebBuild(context);
      return runApp(context, 'trainer', ['start', ...command.args], releaseSignals);
    }
    case 'test':
      return runTests(context, packages, command.stages);
    case 'build':
      return buildApp(context, command);
    case 'run': {
      const { app, args } = command;
      const tensorflow = app === 'trainer' || app === 'bench';
      const { notices } = await setUp(context, packages, { tensorflow });
      for (const notice of notices) context.log(notice);
      const serves = app === 'server' && args[0] === 'serve';
      if (serves && !args.includes('--no-web')) await ensureWebBuild(context);
      return runApp(context, app, serves ? args.filter((arg) => arg !== '--no-web') : args, releaseSignals);
    }
  }
}

/** `npm run setup`. */
async function setupOnly(
  { tests, cuda, json }: { tests: boolean; cuda: boolean; json: boolean },
  context: Context,
  packages: Row,
): Promise<number> {
  const { rows, record } = await setUp(context, packages, { tests, cuda, retry: true });
  console.log(json ? JSON.stringify({ rows, record }, null, 2) : setupTable(rows));
  return cuda && rows.some((row) => row.part.startsWith('CUDA') && row.state === 'missing') ? 1 : 0;
}
