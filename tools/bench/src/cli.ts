import { Command, CommanderError } from 'commander';
import { OndaError } from '@onda/contract';
import { benches, benchNames } from './benches.ts';
import { parseBenchName, parseCount, parseList } from './options.ts';
import { runBench } from './runner.ts';

interface CliOptions {
  json?: string;
  markdown?: string | true;
  works?: string;
  systems?: string;
  rounds?: string;
  minutes?: string;
  share?: string;
  quick: boolean;
  scaling: boolean;
}

const program = new Command('bench')
  .description('Measure Onda beside other systems in interleaved rounds on one machine.')
  .argument('<name>', `what to measure; one of: ${benchNames.join(', ')}`)
  .option('--json <file>', 'file for the rows as JSON (-: stdout)')
  .option('--markdown [page]', 'page for tables and chart (default: docs/performance/NAME.md)')
  .option('--works <names>', 'workloads, separated by commas, such as rnn-32-1-20,lstm2-256-64-100')
  .option('--systems <names>', 'systems, separated by commas, such as onda-native,pytorch')
  .option('--rounds <n>', "rounds of each workload (default: the bench's own)")
  .option('--minutes <n>', 'length of a soak in minutes (default: 10)')
  .option('--share <percent>', 'rate of a soak in percent of the maximum rate (default: 80)')
  .option('--quick', 'fewer and shorter rounds, as a trial', false)
  .option('--scaling', 'training time by size, instead of the usual workloads', false)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride()
  .action(async (given: string, { json, markdown, quick, scaling, ...rest }: CliOptions) => {
    const { works, systems, rounds, minutes, share } = rest;
    const name = parseBenchName(given);
    await runBench(name, await benches[name](), {
      ...{ quick, scaling },
      ...(json === undefined ? {} : { json }),
      ...(markdown === undefined ? {} : { markdown }),
      ...(works === undefined ? {} : { works: parseList('--works', works) }),
      ...(systems === undefined ? {} : { systems: parseList('--systems', systems) }),
      ...(rounds === undefined ? {} : { rounds: parseCount('--rounds', rounds, 1000) }),
      ...(minutes === undefined ? {} : { minutes: parseCount('--minutes', minutes, 24 * 60) }),
      ...(share === undefined ? {} : { share: parseCount('--share', share, 100) / 100 }),
    });
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed its message; --help is not an error.
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
