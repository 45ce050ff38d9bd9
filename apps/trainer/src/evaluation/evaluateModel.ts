import path from 'node:path';
import type { Backtest, EvaluationRow, Predictor } from '@onda/forecasting';
import { backtest, baselinesFor, baselineWarnings } from '@onda/forecasting';
import type { SeriesSet } from '@onda/series';
import type { ExportResult } from '../export/publishModel.ts';
import { writeFileAtomic } from '../files.ts';
import { runFiles } from '../fit/runFolder.ts';
import { textTable } from '../terminal.ts';
import { comparisonTable, partsTable } from './evaluationReport.ts';
import { modelCard } from './modelCard.ts';

/** File name of the model card in a model folder. */
const cardFile = 'README.md';

/**
 * Origins per series, and in all series, that a backtest has by default, and the samples of all histories: baselines read a whole history
 * for each forecast.
 */
const mostOrigins = { series: 24, all: 480, samples: 5_000_000 };

/** Longest season that is the default horizon, and the horizon without a season. */
const longestSeason = 60;
const usualHorizon = 10;

/** What a backtest forecasts. */
export interface BacktestPlan {
  holdout: number;
  horizon: number;
  stride: number;
}

/** The result of a backtest, with the baselines. */
export interface Evaluation extends BacktestPlan {
  backtest: Backtest;
  /** Where a baseline is better than the model. */
  warnings: string[];
  /** What limits the figures. */
  notes: string[];
}

/** Content of evaluation.json. */
interface EvaluationDocument extends BacktestPlan {
  model: string;
  /** Version of the exported model; null for a model that was not exported. */
  version: number | null;
  data: string;
  period: number;
  /** Number of forecasts of each forecaster. */
  origins: number;
  warnings: string[];
  notes: string[];
  rows: EvaluationRow[];
}

/** The stride at which the hold-out is forecast from its start to its end, from no more origins than the baselines can follow. */
export function strideOf({ series }: Pick<SeriesSet, 'series'>, holdout: number, horizon: number): number {
  const samples = series.reduce((sum, { length }) => sum + length, 0);
  const affordable = Math.min(
    mostOrigins.all / series.length,
    mostOrigins.samples / samples,
    mostOrigins.series,
  );
  const origins = Math.max(2, Math.floor(affordable));
  return Math.max(1, Math.ceil((holdout - horizon) / (origins - 1)));
}

/** The horizon of a model that names none: a season. */
export const horizonOf = ({ period }: Pick<SeriesSet, 'period'>): number =>
  period > 1 && period <= longestSeason ? period : usualHorizon;

/** Compares a forecaster with the baselines over the hold-out of the series. */
export async function evaluateForecaster(
  set: SeriesSet,
  model: Predictor,
  plan: BacktestPlan,
): Promise<Evaluation> {
  const { predictors, notes } = baselinesFor(set, plan.holdout);
  const result = await backtest(set, [model, ...predictors], plan);
  return {
    ...plan,
    backtest: result,
    warnings: baselineWarnings(result.rows),
    notes: [...notes, ...result.notes],
  };
}

/** Writes evaluation.json into a run folder; returns its path. */
export function writeEvaluation(
  folder: string,
  { name, version }: { name: string; version: number | null },
  data: string,
  set: SeriesSet,
  { holdout, horizon, stride, backtest: result, warnings, notes }: Evaluation,
): string {
  const document: EvaluationDocument = {
    model: name,
    version,
    data,
    period: set.period,
    holdout,
    horizon,
    stride,
    origins: result.forecasts.filter(({ forecaster }) => forecaster === 'model').length,
    warnings,
    notes,
    rows: result.rows,
  };
  const file = path.join(folder, runFiles.evaluation);
  writeFileAtomic(file, `${JSON.stringify(document, null, 1)}\n`);
  return file;
}

/** A fitted model and its data. */
export interface EvaluatedRun {
  name: string;
  predictor: Predictor;
  /** Null for a model that was not exported. */
  exported: ExportResult | null;
  set: SeriesSet;
  /** Path of the data file. */
  file: string;
  holdout: number;
  horizon: number;
  runFolder: string;
  /** What was chosen for the fit, one sentence each. */
  choices: readonly string[];
}

/** Evaluates a fitted model: writes evaluation.json into its run folder and, if it was exported, the model card. */
export async function evaluateRun(run: EvaluatedRun): Promise<Evaluation> {
  const { name, predictor, exported, set, file, holdout, horizon, runFolder, choices } = run;
  const stride = strideOf(set, holdout, horizon);
  const evaluation = await evaluateForecaster(set, predictor, { holdout, horizon, stride });
  writeEvaluation(runFolder, { name, version: exported?.version ?? null }, file, set, evaluation);
  if (exported !== null) {
    const card = modelCard({
      manifest: exported.manifest,
      set,
      file: path.basename(file),
      horizon,
      holdout,
      rows: evaluation.backtest.rows,
      notes: [...evaluation.notes, ...evaluation.warnings],
      choices,
    });
    writeFileAtomic(path.join(exported.modelFolder, cardFile), card);
  }
  return evaluation;
}

/** The evaluation for a terminal: tables, notes and warnings. */
export function evaluationText({ backtest: { rows }, notes, warnings }: Evaluation): string {
  const parts = partsTable(rows);
  return [
    textTable(comparisonTable(rows)),
    ...(parts === null ? [] : ['', textTable(parts)]),
    ...notes,
    ...warnings,
  ].join('\n');
}
