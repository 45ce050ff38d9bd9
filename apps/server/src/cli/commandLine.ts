import { Command } from 'commander';
import { flagName, readOptions, variableName } from './readOptions.ts';
import type { ServeOptions } from './serveOptions.ts';
import { serveOptionList } from './serveOptions.ts';

/** Imports the service once the arguments are valid: it is most of the code. */
async function importAndServe(options: ServeOptions): Promise<void> {
  const { serve } = await import('./serveCommand.ts');
  await serve(options);
}

const sources = `
Every option can also be set by the environment (--max-sequences as ${variableName('maxSequences')}) or in the file of --config
("max-sequences: 64", YAML or JSON). A flag wins over the environment, the environment over the file. An empty variable
counts as unset. OTEL_EXPORTER_OTLP_ENDPOINT turns on tracing.`;

/** The server's command line: `serve` and `token`. */
export function createProgram(
  run: (options: ServeOptions) => Promise<void> = importAndServe,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Command {
  const program = new Command('server').exitOverride();
  const serve = program
    .command('serve')
    .description(
      'serve a model repository over HTTP and gRPC (Open Inference Protocol v2), with the browser app at /',
    )
    .option('--config <file>', 'file of options');
  for (const [name, { value, says, fallback }] of serveOptionList) {
    const more = fallback === undefined ? '' : ` (${fallback})`;
    // Validated by readOptions alone, so that all sources have the same error messages.
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
    .description('create a client token: prints its line of the tokens file to stdout, the token to stderr')
    .argument('<name>', 'name of the client')
    .option('--admin', 'allow the client to load and unload models on --admin-port')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (name: string, { admin = false }: { admin?: boolean }) => {
      const { newToken } = await import('../access/tokens.ts');
      const { token, line } = newToken(name, admin);
      process.stdout.write(`${line}\n`);
      process.stderr.write(`Token (not stored, shown once): ${token}\n`);
    });
  return program;
}
