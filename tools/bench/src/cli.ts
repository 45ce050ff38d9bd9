import { Command, CommanderError } from 'commander';
import { OndaError } from '@onda/contract';
import type { BenchOptions } from './benchCommand.ts';
import { benchNames } from './benches.ts';

const program = new Command('bench')
  .description('Measure Onda beside other systems, in turn on the same machine.')
  .argument('<name>', `what to measure; one of: ${benchNames.join(', ')}`)
  .option('--json <file>', 'write the rows as JSON (-: to stdout)')
  .option('--markdown [page]', 'put tables and picture into a page (default: docs/performance.md)')
  .option('--works <names>', 'works by comma, such as rnn-32-1-20,lstm2-256-64-100')
  .option('--systems <names>', 'systems by comma, such as onda-native,pytorch')
  .option('--rounds <n>', "rounds of each work (default: the bench's own)")
  .option('--minutes <n>', 'how long a soak lasts (default: 10)')
  .option('--share <percent>', 'how much of the top rate a soak asks (default: 80)')
  .option('--quick', 'fewer, shorter rounds: to see that it runs', false)
  .option('--scaling', 'how the time grows with each size, in place of the usual works', false)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride()
  .action(async (name: string, options: BenchOptions) => {
    const { benchCommand } = await import('./benchCommand.ts');
    await benchCommand(name, options);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed its sentence; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof OndaError) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write('bench: unexpected failure, please report it\n');
    console.error(error);
    process.exitCode = 1;
  }
}
