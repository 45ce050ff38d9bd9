import { Command, InvalidArgumentError, Option } from 'commander';
import type { ServeOptions } from './serveCommand.ts';

/** Loaded once the call is known to be right: the service is most of what there is to load. */
async function loadAndServe(options: ServeOptions): Promise<void> {
  const { serve } = await import('./serveCommand.ts');
  await serve(options);
}

const readPort = wholeNumber(0, 65_535);

/** The server's command line: `serve --models DIR`. */
export function createProgram(run: (options: ServeOptions) => Promise<void> = loadAndServe): Command {
  const program = new Command('server').exitOverride();
  program
    .command('serve')
    .description('serve the models of a folder over HTTP (Open Inference Protocol v2), and the page at /')
    .requiredOption('--models <dir>', 'folder of a model repository, one folder a model')
    .option('--http-port <port>', 'port; 0 takes a free one', readPort, 8000)
    .option('--grpc-port <port>', 'port for gRPC; none without it', readPort)
    .option('--metrics-port <port>', 'port for Prometheus, on this machine alone; none without it', readPort)
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
    .option(
      '--max-batch <rows>',
      'most rows that waiting requests are joined into; 1 joins none',
      wholeNumber(1, 1024),
      256,
    )
    .option(
      '--batch-delay-us <microseconds>',
      'how long a request may wait for others although the worker is free',
      wholeNumber(0, 1_000_000),
      0,
    )
    .option(
      '--max-queue <requests>',
      'requests of one model that may wait; one more is refused with 503',
      wholeNumber(1, 1_000_000),
      1024,
    )
    .option(
      '--max-sequences <sequences>',
      'sequences whose state one model keeps; one more is refused with 503',
      wholeNumber(1, 10_000_000),
      10_000,
    )
    .option(
      '--sequence-idle-s <seconds>',
      'a sequence without a step for so long is forgotten',
      wholeNumber(1, 2_592_000),
      60,
    )
    .option(
      '--sequence-age-s <seconds>',
      'so long after its start a sequence is forgotten',
      wholeNumber(1, 2_592_000),
      86_400,
    )
    .option('--json', 'when ready, print one line of JSON to stdout', false)
    .allowExcessArguments(false)
    .exitOverride()
    .action((options: ServeOptions) => run(options));
  return program;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}
