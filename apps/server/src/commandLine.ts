import { Command, InvalidArgumentError, Option } from 'commander';
import type { ServeOptions } from './serveCommand.ts';

/** Loaded once the call is known to be right: the service is most of what there is to load. */
async function loadAndServe(options: ServeOptions): Promise<void> {
  const { serve } = await import('./serveCommand.ts');
  await serve(options);
}

/** The server's command line: `serve --models DIR`. */
export function createProgram(run: (options: ServeOptions) => Promise<void> = loadAndServe): Command {
  const program = new Command('server').exitOverride();
  program
    .command('serve')
    .description('serve the models of a folder over HTTP (Open Inference Protocol v2), and the page at /')
    .requiredOption('--models <dir>', 'folder of a model repository, one folder a model')
    .option('--http-port <port>', 'port; 0 takes a free one', readPort, 8000)
    .option(
      '--host <host>',
      'address to listen on; the default is reached from this machine only',
      '127.0.0.1',
    )
    .addOption(
      new Option('--provider <provider>', 'what runs the models; auto takes CUDA where it is set up')
        .choices(['auto', 'cpu', 'cuda'])
        .default('auto'),
    )
    .option('--json', 'when ready, print one line of JSON to stdout', false)
    .allowExcessArguments(false)
    .exitOverride()
    .action((options: ServeOptions) => run(options));
  return program;
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
  return port;
}
