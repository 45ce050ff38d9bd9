import { Command, CommanderError } from 'commander';
import type { ExportCall } from './commands/export.ts';
import type { FitCall } from './commands/fit.ts';
import type { VerifyCall } from './commands/verify.ts';
import { ondaVersion } from './versions.ts';
import { runCommand } from './runCommand.ts';

const list = (value: string, before: string[] = []): string[] => [...before, value];

const program = new Command('onda')
  .description('Train recurrent nets in TypeScript, ship them as ONNX.')
  .version(ondaVersion)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride();

program
  .command('fit')
  .description('fit a net: config, data, fit, checkpoint, export, verify, report')
  .argument('<config>', 'a YAML file, such as examples/lagged-sine.yaml')
  .option('--set <key=value>', 'change one key of the config; repeat for more', list, [])
  .option('--out <folder>', 'where the run goes (default: runs/<name>)')
  .option('--models <folder>', 'the model repository to export to', 'models')
  .option('--no-export', 'fit and report only')
  .option('--resume', 'go on from the checkpoint in the run folder', false)
  .action(async (config: string, options: FitCall) => {
    await runCommand('fit', async () => {
      const { fitCommand } = await import('./commands/fit.ts');
      await fitCommand(config, options);
    });
  });

program
  .command('export')
  .description('export a run, or a TensorFlow.js model.json, into a model repository')
  .argument('<source>', 'a run folder, or a model.json or its folder')
  .argument('<dest>', 'the model repository, such as models')
  .option('--name <name>', "the model's name (default: the run's)")
  .option(
    '--stateful',
    "make the recurrent layers' states inputs and outputs (an Onda net always does)",
    false,
  )
  .option('--states <packing>', 'row: one row of all states (the usual); separate: each a tensor')
  .option('--opset <n>', 'operator set, 14 to 21 (default: 17)')
  .option('--precision <kind>', 'float32 (the usual), float16 or int8 weights')
  .option('--external-data', 'keep large weights in a file beside the model', false)
  .option(
    '--generator',
    'write the closed loop too (of an Onda net that predicts its features: always)',
    false,
  )
  .option(
    '--sampling <kind>',
    'draw its values from a seed: categorical[:TEMPERATURE], gaussian or quantile:LEVEL,LEVEL,...',
  )
  .option('--allow-nan', 'take weights that are not finite numbers', false)
  .option('--no-verify', 'do not compare with TensorFlow.js before the model is put in place')
  .action(async (source: string, dest: string, options: ExportCall) => {
    await runCommand('export', async () => {
      const { exportCommand } = await import('./commands/export.ts');
      await exportCommand(source, dest, options);
    });
  });

program
  .command('generate')
  .description('generate samples after a prompt')
  .argument('<model>', 'a model folder, such as models/lagged-sine')
  .requiredOption('--samples <n>', 'how many samples')
  .option(
    '--prompt <file.csv>',
    "values that come before (default: the training data's start, where the model knows it)",
  )
  .option('--seed <n>', 'of a model that draws its values: what it draws them from')
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
  .description("errors of a model's predictions on a CSV file, beside the naive forecast's")
  .argument('<model>', 'a model folder')
  .argument('<data>', 'a CSV file')
  .option('--columns <names>', "columns, by comma (default: the training config's)")
  .option('--json', 'figures as JSON on stdout', false)
  .action(async (model: string, data: string, options: { columns?: string; json: boolean }) => {
    await runCommand('evaluate', async () => {
      const { evaluateCommand } = await import('./commands/evaluate.ts');
      await evaluateCommand(model, data, options);
    });
  });

program
  .command('verify')
  .description('compare a model folder with the TensorFlow.js model that it was exported from')
  .argument('<model>', 'a model folder, such as models/lagged-sine')
  .option('--source <source>', 'the run or model.json (default: the run under runs/ that the manifest names)')
  .option('--web', 'in Chromium too, on onnxruntime-web', false)
  .option('--json', 'rows as JSON on stdout', false)
  .action(async (model: string, options: VerifyCall) => {
    await runCommand('verify', async () => {
      const { verifyCommand } = await import('./commands/verify.ts');
      await verifyCommand(model, options);
    });
  });

program
  .command('parity')
  .description("repeat PyTorch's runs and compare losses, weights, predictions and closed loop")
  .argument('<reference...>', 'files of the format of examples/reference')
  .option('--json', 'rows as JSON on stdout', false)
  .action(async (references: string[], options: { json: boolean }) => {
    await runCommand('parity', async () => {
      const { parityCommand } = await import('./commands/parity.ts');
      await parityCommand(references, options);
    });
  });

program
  .command('start')
  .description('the whole road with the lagged sine: fit, export, verify, serve, generate, report')
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
  // commander has printed its sentence; asking for help or the version is no mistake.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
