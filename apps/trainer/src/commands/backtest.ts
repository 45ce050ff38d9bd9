import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FitConfig, Manifest } from '@onda/contract';
import { ConfigError, DataError, fitConfigSchema } from '@onda/contract';
import { readModelFolder } from '@onda/runtime-node';
import type { SeriesSet } from '@onda/series';
import type { BacktestPlan, Evaluation } from '../evaluation/evaluateModel.ts';
import {
  evaluateForecaster,
  evaluationText,
  horizonOf,
  strideOf,
  writeEvaluation,
} from '../evaluation/evaluateModel.ts';
import { openModelFolder } from '../evaluation/modelPredictor.ts';
import { runFiles } from '../fit/runFolder.ts';
import { readForecastSeries } from '../modelSeries.ts';
import { wholeNumber } from '../options.ts';
import { say } from '../terminal.ts';

/** Command-line options of `backtest`. */
export interface BacktestCall {
  holdout?: string;
  horizon?: string;
  stride?: string;
  columns?: string;
  out?: string;
  json: boolean;
}

/** Most samples of an option, against typing errors. */
const mostSamples = 100_000_000;

/** Compares the exported files of a model with the baselines, from rolling origins over the hold-out of a data file. */
export async function backtestCommand(
  folder: string,
  data: string | undefined,
  call: BacktestCall,
): Promise<void> {
  const { manifest } = await readModelFolder(folder);
  const config = fitConfigSchema.safeParse(manifest.training?.config).data;
  const file = data ?? trainedFile(manifest, config);
  const set = await readForecastSeries(file, manifest, call.columns);
  const plan = backtestPlan(call, manifest, config, set, file);
  const evaluation = await backtestFolder(folder, set, plan);
  const written = writeEvaluation(
    call.out ?? path.join('runs', manifest.name),
    manifest,
    file,
    set,
    evaluation,
  );
  printEvaluation(evaluation, manifest, file, call.json);
  say(`evaluation: ${written}`);
}

/** Runs the newest version of a model folder in a backtest. */
export async function backtestFolder(
  folder: string,
  set: SeriesSet,
  plan: BacktestPlan,
): Promise<Evaluation> {
  const { predictor, release } = await openModelFolder(folder);
  try {
    return await evaluateForecaster(set, predictor, plan);
  } finally {
    await release();
  }
}

/** Prints an evaluation: tables, or the rows as JSON with notes on stderr. */
export function printEvaluation(
  evaluation: Evaluation,
  { name, version }: Manifest,
  data: string,
  json: boolean,
): void {
  if (!json) {
    process.stdout.write(`${evaluationText(evaluation)}\n`);
    return;
  }
  const { holdout, horizon, stride, notes, warnings, backtest } = evaluation;
  for (const text of [...notes, ...warnings]) say(text);
  const { rows } = backtest;
  process.stdout.write(`${JSON.stringify({ model: name, version, data, holdout, horizon, stride, rows })}\n`);
}

/** The data file of the training: that of the run, or the configured one where it is in the current folder. */
function trainedFile({ name }: Manifest, config: FitConfig | undefined): string {
  const configured = config?.data.kind === 'csv' ? config.data.file : undefined;
  const file = [recordedFile(name), configured].find((one) => one !== undefined && existsSync(one));
  if (file !== undefined) return file;
  const reason =
    configured === undefined ? '' : ` (that of the training, ${configured}, is not in this folder)`;
  throw new DataError(
    `model "${name}": expected a data file, got none${reason}; name it: npm run backtest -- MODEL_DIR DATA.csv`,
  );
}

/** The data file in the run of this name, relative to the current folder. */
function recordedFile(name: string): string | undefined {
  const file = path.join('runs', name, runFiles.summary);
  if (!existsSync(file)) return undefined;
  const { dataFile } = JSON.parse(readFileSync(file, 'utf8')) as { dataFile?: unknown };
  return typeof dataFile === 'string' ? dataFile : undefined;
}

function backtestPlan(
  call: BacktestCall,
  { name, forecaster }: Manifest,
  config: FitConfig | undefined,
  set: SeriesSet,
  file: string,
): BacktestPlan {
  const trained = config?.data.kind === 'csv' ? config.data.holdout : 0;
  const given = forecaster?.horizon ?? config?.forecast?.horizon ?? horizonOf(set);
  const holdout = call.holdout === undefined ? trained : wholeNumber('--holdout', call.holdout, mostSamples);
  if (holdout === 0) {
    throw new ConfigError(
      `model "${name}": expected --holdout SAMPLES, because its training held out none, got none; name how many samples at the end of ${file} the training has not used`,
    );
  }
  const horizon =
    call.horizon === undefined
      ? Math.min(given, holdout)
      : wholeNumber('--horizon', call.horizon, mostSamples);
  if (forecaster !== undefined && horizon > forecaster.horizon) {
    throw new ConfigError(
      `--horizon: expected at most ${forecaster.horizon}, the horizon of model "${name}", got ${horizon}; lower it`,
    );
  }
  const stride =
    call.stride === undefined
      ? strideOf(set, holdout, horizon)
      : wholeNumber('--stride', call.stride, mostSamples);
  return { holdout, horizon, stride };
}
