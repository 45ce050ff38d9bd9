import type { FitConfig } from '@onda/contract';
import { parseFitConfig } from '@onda/contract';
import type { SeriesSet } from '@onda/series';
import { readSeries } from '@onda/series';
import { dataPath, readDataFile } from '../dataFile.ts';
import type { ExportResult } from '../export/publishModel.ts';
import type { FittedRun } from '../fit/fitRun.ts';
import type { Document } from '../fit/readConfig.ts';
import { chooseLoop, fillIn } from './chooseLoop.ts';
import type { Evaluation } from './evaluateModel.ts';
import { evaluateRun, horizonOf } from './evaluateModel.ts';
import { openModelFolder } from './modelPredictor.ts';

/** A configuration in which everything is chosen, and what was. */
export interface ChosenConfig {
  config: FitConfig;
  /** One sentence each. */
  choices: string[];
}

/** Chooses what the configuration of a closed-loop forecaster leaves open; other configurations stay as they are. */
export async function chooseConfig(document: Document, configFile: string): Promise<ChosenConfig> {
  const config = parseFitConfig(document, configFile);
  const { data, forecast } = config;
  if (forecast?.strategy !== 'closed-loop' || data.kind !== 'csv') return { config, choices: [] };
  const { table } = await readDataFile(dataPath(configFile, data.file), data);
  const set = readSeries(table, data);
  const { settings, choices } = chooseLoop(set, forecast.horizon, forecast.timeLimitS);
  return { config: parseFitConfig(fillIn(document, settings), configFile), choices };
}

/** An exported network, its run, and the backtest of it. */
export interface NetEvaluation extends Evaluation {
  set: SeriesSet;
  validation: number;
}

/**
 * Backtests the closed loop of an exported network over the hold-out of its data file, and writes evaluation.json and the model card.
 *
 * @returns null without a hold-out, or for a network without a closed loop
 */
export async function evaluateNet(
  { summary, series: set }: Pick<FittedRun, 'summary' | 'series'>,
  configFile: string,
  exported: ExportResult,
  runFolder: string,
  choices: readonly string[],
): Promise<NetEvaluation | null> {
  const { data, name, forecast } = summary.config;
  if (data.kind !== 'csv' || set === null) return null;
  if (data.holdout === 0 || exported.manifest.tensors.generator === null) return null;
  const file = dataPath(configFile, data.file);
  const { holdout, validation } = data;
  const horizon = Math.min(holdout, forecast?.horizon ?? horizonOf(set));
  const { predictor, release } = await openModelFolder(exported.modelFolder, exported.version);
  const run = { name, predictor, exported, set, file, holdout, horizon, runFolder, choices };
  const evaluation = await evaluateRun(run);
  await release();
  return { ...evaluation, set, validation };
}
