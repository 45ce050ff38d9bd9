import { Command } from 'commander';
import { flagName, variableName } from './config/optionNames.ts';
import { readOptions } from './config/readOptions.ts';
import { serveOptionList } from './config/serveOptions.ts';
import type { ServeOptions } from './config/serveOptions.ts';

/** Loaded once the call is known to be right: the service is most of what there is to load. */
async function loadAndServe(options: ServeOptions): Promise<void> {
  const { serve } = await import('./serveCommand.ts');
  await serve(options);
}

const sources = `
Every option can also be given by the environment (--max-batch as ${variableName('maxBatch')}) or in the file of --config
("max-batch: 64", YAML or JSON). A flag wins over the environment, the environment over the file. An empty variable
counts as none.`;

/** The server's command line: `serve --models DIR`. */
export function createProgram(
  run: (options: ServeOptions) => Promise<void> = loadAndServe,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Command {
  const program = new Command('server').exitOverride();
  const serve = program
    .command('serve')
    .description('serve the models of a folder over HTTP (Open Inference Protocol v2), and the page at /')
    .option('--config <file>', 'file of options');
  for (const [name, { value, says, fallback }] of serveOptionList) {
    const more = fallback === undefined ? '' : ` (${fallback})`;
    // Checked by readOptions alone, so that every source is refused in the same words.
    serve.option(value === undefined ? flagName(name) : `${flagName(name)} <${value}>`, says + more);
  }
  serve
    .addHelpText('after', sources)
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      await run(await readOptions({ flags, env }));
    });
  program
    .command('token')
    .description('make a token for a client: its line of the file of --tokens to stdout, the token to stderr')
    .argument('<name>', 'what to call the client')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (name: string) => {
      const { newToken } = await import('./access/tokens.ts');
      const { token, line } = newToken(name);
      process.stdout.write(`${line}\n`);
      process.stderr.write(`The token, which is kept nowhere: ${token}\n`);
    });
  return program;
}
