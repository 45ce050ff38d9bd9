import { Command, CommanderError } from 'commander';
import { ConfigError, OndaError } from '@onda/contract';
import type { BacktestCall } from './commands/backtest.ts';
import type { ExportCall } from './commands/export.ts';
import type { FitCall } from './commands/fit.ts';
import type { SweepCall } from './commands/sweep.ts';
import type { VerifyCall } from './commands/verify.ts';
import type { WorkerCall } from './commands/worker.ts';
import { ondaVersion } from './versions.ts';

/**
 * Runs a command and sets the exit code of the process: 0 done, 1 it ran and the result is bad, 2 invalid arguments or input.
 *
 * Of an OndaError only the message is printed; any other error is a bug and is printed with its stack trace.
 */
async function runCommand(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof OndaError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      process.stderr.write(`${name}: unexpected failure, please report it\n`);
      console.error(error);
      process.exitCode = 1;
    }
  }
}

// A command with a channel to the process that started it, such as a trial of a sweep, ends with it.
process.once('disconnect', () => {
  process.exit(1);
});
process.channel?.unref();

const list = (value: string, before: string[] = []): string[] => [...before, value];

const program = new Command('onda')
  .description('Train recurrent nets in TypeScript, ship them as ONNX.')
  .version(ondaVersion)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride();

program
  .command('fit')
  .description('fit a net from a configuration; writes a run folder, exports the model and writes a report')
  .argument('[config]', 'YAML file, such as examples/lagged-sine.yaml')
  .option('--init <data>', 'write a commented configuration for this data file, instead of a fit')
  .option('--set <key=value>', 'overrides one key of the configuration; repeatable', list, [])
  .option('--out <folder>', 'run folder (default: runs/<name>)')
  .option('--models <folder>', 'model repository to export to', 'models')
  .option('--no-export', 'fit and report without exporting')
  .option('--resume', 'continue the run in the run folder from its latest checkpoint', false)
  .option('--force', 'replace an existing run in the run folder', false)
  .action(async (config: string | undefined, options: FitCall & { init?: string }) => {
    await runCommand('fit', async () => {
      if (options.init !== undefined) {
        const { initConfig } = await import('./commands/initConfig.ts');
        await initConfig(options.init, config);
        return;
      }
      if (config === undefined) {
        throw new ConfigError(
          'fit: expected a configuration, got none; name one, or write it with --init DATA.csv',
        );
      }
      const { fitCommand } = await import('./commands/fit.ts');
      await fitCommand(config, options);
    });
  });

program
  .command('export')
  .description('export a run, a TensorFlow.js model.json or a Keras file to a model repository')
  .argument(
    '<source>',
    'run folder, model.json or its folder, .keras or .h5 file, or with --torch a .safetensors file',
  )
  .argument('<dest>', 'model repository, such as models')
  .option('--name <name>', 'model name (default: the name of the run)')
  .option(
    '--stateful',
    'states of the recurrent layers as inputs and outputs (always for an Onda net)',
    false,
  )
  .option('--states <packing>', 'row: all states packed in one row; separate: one tensor each (default: row)')
  .option('--opset <n>', 'operator set, 14 to 21 (default: 17)')
  .option('--precision <kind>', 'weights in float32, float16 or int8 (default: float32)')
  .option('--external-data', 'large weights in a separate file', false)
  .option(
    '--generator',
    'also write generator.onnx, the closed loop (always for an Onda net that predicts its inputs)',
    false,
  )
  .option(
    '--sampling <kind>',
    'distribution of generated values: categorical[:TEMPERATURE], gaussian or quantile:LEVEL,LEVEL,...',
  )
  .option('--allow-nan', 'accept weights that are not finite', false)
  .option(
    '--cases <file>',
    "compare with the inputs and outputs of the model's maker in this JSON or .npz file",
  )
  .option(
    '--torch [activation]',
    'source is a safetensors file of a PyTorch state dict; activation of nn.RNN: tanh or relu (default: tanh)',
  )
  .option('--no-verify', 'skip the comparison with a reference')
  .action(async (source: string, dest: string, options: ExportCall) => {
    await runCommand('export', async () => {
      const { exportCommand } = await import('./commands/export.ts');
      await exportCommand(source, dest, options);
    });
  });

program
  .command('generate')
  .description('generate samples after a prompt')
  .argument('<model>', 'model folder, such as models/lagged-sine')
  .requiredOption('--samples <n>', 'number of samples')
  .option(
    '--prompt <file.csv>',
    'values before the generated ones (default: the first training data of a sine model)',
  )
  .option('--seed <n>', 'seed of a model that samples its values')
  .option('--json', 'values as JSON on stdout', false)
  .action(
    async (model: string, options: { samples: string; prompt?: string; seed?: string; json: boolean }) => {
      await runCommand('generate', async () => {
        const { generateCommand } = await import('./commands/generate.ts');
        await generateCommand(model, options);
      });
    },
  );

program
  .command('evaluate')
  .description('errors of model and naive forecast on a CSV file')
  .argument('<model>', 'model folder')
  .argument('<data>', 'CSV file')
  .option('--columns <names>', 'column names, separated by commas (default: those of the training)')
  .option('--json', 'errors as JSON on stdout', false)
  .action(async (model: string, data: string, options: { columns?: string; json: boolean }) => {
    await runCommand('evaluate', async () => {
      const { evaluateCommand } = await import('./commands/evaluate.ts');
      await evaluateCommand(model, data, options);
    });
  });

program
  .command('backtest')
  .description('compare a model with baselines: forecasts of the hold-out from rolling origins')
  .argument('<model>', 'model folder, such as models/temperatures')
  .argument('[data]', 'data file (default: that of the training)')
  .option(
    '--holdout <samples>',
    'samples at the end of each series to forecast (default: those of the training)',
  )
  .option('--horizon <samples>', 'samples per forecast (default: the horizon of the model)')
  .option('--stride <samples>', 'samples between two origins (default: at most 24 origins per series)')
  .option('--columns <names>', 'column names, separated by commas (default: those of the training)')
  .option('--out <folder>', 'run folder for evaluation.json (default: runs/<name>)')
  .option('--json', 'rows as JSON on stdout', false)
  .action(async (model: string, data: string | undefined, options: BacktestCall) => {
    await runCommand('backtest', async () => {
      const { backtestCommand } = await import('./commands/backtest.ts');
      await backtestCommand(model, data, options);
    });
  });

program
  .command('verify')
  .description('compare a model folder with the TensorFlow.js model it was exported from')
  .argument('<model>', 'model folder, such as models/lagged-sine')
  .option(
    '--source <source>',
    'run folder or model.json (default: the run under runs/ named in the manifest)',
  )
  .option(
    '--cases <file>',
    "compare with the inputs and outputs of the model's maker in this JSON or .npz file",
  )
  .option('--web', 'also compare onnxruntime-web in Chromium', false)
  .option('--json', 'rows as JSON on stdout', false)
  .action(async (model: string, options: VerifyCall) => {
    await runCommand('verify', async () => {
      const { verifyCommand } = await import('./commands/verify.ts');
      await verifyCommand(model, options);
    });
  });

program
  .command('parity')
  .description('repeat PyTorch reference runs and compare losses, weights, predictions and closed loop')
  .argument('<reference...>', 'reference files, such as examples/reference/rnn.json')
  .option('--json', 'rows as JSON on stdout', false)
  .action(async (references: string[], options: { json: boolean }) => {
    await runCommand('parity', async () => {
      const { parityCommand } = await import('./commands/parity.ts');
      await parityCommand(references, options);
    });
  });

program
  .command('sweep')
  .description('fit many configurations, to find the best values of keys')
  .argument('<sweep>', 'YAML file with the search, such as examples/sweep.yaml')
  .option('--out <folder>', 'folder of the sweep (default: runs/<name>)')
  .option('--workers <n>', 'trials at a time on this machine (default: half of the processor cores)')
  .option('--redis <url>', 'run the trials on the workers of this Redis: redis://[user:password@]host:port')
  .option('--force', 'discard the results of an earlier sweep in the folder', false)
  .option('--json', 'trials as JSON on stdout', false)
  .action(async (sweep: string, options: SweepCall) => {
    await runCommand('sweep', async () => {
      const { sweepCommand } = await import('./commands/sweep.ts');
      await sweepCommand(sweep, options);
    });
  });

program
  .command('worker')
  .description('run trials of sweeps from a Redis, until SIGINT or SIGTERM')
  .requiredOption('--redis <url>', 'Redis of the sweeps: redis://[user:password@]host:port')
  .option('--workers <n>', 'trials at a time', '1')
  .option('--lease <seconds>', 'time after which the trials of a worker that has died run elsewhere', '30')
  .action(async (options: WorkerCall) => {
    await runCommand('worker', async () => {
      const { workerCommand } = await import('./commands/worker.ts');
      await workerCommand(options);
    });
  });

program
  .command('start')
  .description('run the whole pipeline on the lagged sine: fit, export, verify, serve, generate, report')
  .action(async () => {
    await runCommand('start', async () => {
      const { startCommand } = await import('./commands/start.ts');
      await startCommand();
    });
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // commander has printed the message; --help and --version exit with 0.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
