import { createHash } from 'node:crypto';
import path from 'node:path';
import type { CsvDataConfig, FitConfig, ForecastConfig, Manifest, ParityRow } from '@onda/contract';
import { ConfigError, manifestFormat } from '@onda/contract';
import type { Forecaster, Predictor } from '@onda/forecasting';
import { fitForecaster, isOverall } from '@onda/forecasting';
import { readModel } from '@onda/onnx';
import type { SeriesSet } from '@onda/series';
import { readSeries, splitSeries } from '@onda/series';
import { openBackend } from '@onda/tfjs-native';
import { chartColours, lineChart } from '../charts.ts';
import { dataPath, readDataFile } from '../dataFile.ts';
import { chooseHoldout } from '../evaluation/chooseHoldout.ts';
import type { Evaluation } from '../evaluation/evaluateModel.ts';
import { evaluateRun, evaluationText } from '../evaluation/evaluateModel.ts';
import { evaluationSections } from '../evaluation/evaluationReport.ts';
import { openModelFolder, openModelPredictor } from '../evaluation/modelPredictor.ts';
import { exitSignal } from '../exitSignal.ts';
import { compareValues } from '../export/compare.ts';
import type { ExportResult } from '../export/publishModel.ts';
import { describeExport, publishModel } from '../export/publishModel.ts';
import { checkWritable, writeFileAtomic } from '../files.ts';
import { RunFolder, runFiles } from '../fit/runFolder.ts';
import type { ReportSection } from '../reportPage.ts';
import { reportPage } from '../reportPage.ts';
import { durationText, say } from '../terminal.ts';
import { libraryVersions } from '../versions.ts';

/** Command-line options of a fit that apply to a direct forecaster. */
interface ForecastCall {
  out?: string;
  models: string;
  export: boolean;
  resume: boolean;
  force: boolean;
}

/** A configuration with `forecast`, whose data is a file. */
export type ForecastFit = FitConfig & { data: CsvDataConfig; forecast: ForecastConfig };

export const isDirectForecast = (config: FitConfig): config is ForecastFit =>
  config.forecast?.strategy === 'direct' && config.data.kind === 'csv';

/** Forecasts of both runtimes are compared at this many origins. */
const comparedOrigins = 8;

/** A fitted forecaster, and what its export and report need. */
interface ForecastRun {
  config: ForecastFit;
  /** Path of the data file, as the run recorded it. */
  file: string;
  set: SeriesSet;
  forecaster: Forecaster;
  training: NonNullable<Manifest['training']>;
  seconds: number;
}

/**
 * Fits a direct forecaster from a configuration: chooses what it leaves open, fits, exports, compares with the baselines over the
 * hold-out, and writes report and model card.
 *
 * @param holdoutGiven whether the configuration names the hold-out
 */
export async function fitForecast(
  config: ForecastFit,
  configFile: string,
  call: ForecastCall,
  holdoutGiven: boolean,
): Promise<void> {
  if (call.resume) {
    throw new ConfigError(
      '--resume: expected no direct forecaster, whose fit has no checkpoints, got one; fit it again with --force',
    );
  }
  if (call.export) checkWritable(path.join(call.models, config.name));
  const runFolder = call.out ?? path.join('runs', config.name);
  const file = dataPath(configFile, config.data.file);
  const { table, bytes } = await readDataFile(file, config.data);
  const set = readSeries(table, config.data);
  for (const note of set.notes) say(`data: ${note}`);
  if (set.covariates.length > 0) {
    say('data: warning: covariates are read and checked, but a direct forecaster does not use them');
  }
  const { horizon } = config.forecast;
  const holdout = holdoutGiven ? config.data.holdout : chooseHoldout(set, horizon);
  if (!holdoutGiven) say(`chosen: hold-out of the last ${holdout} samples`);
  const { validation: before } = splitSeries(set, { holdout, validation: 0 }, table.source);

  const folder = RunFolder.open(runFolder, { resume: false, force: call.force });
  try {
    const backend = await openBackend();
    const exit = exitSignal();
    const started = performance.now();
    const { levels, members, theta, timeLimitS } = config.forecast;
    const forecaster = await fitForecaster(before, {
      horizon,
      seed: config.seed,
      ...(levels !== undefined && { levels }),
      ...(members !== undefined && { members }),
      ...(theta !== undefined && { theta }),
      timeLimitMs: 1000 * timeLimitS,
      signal: exit.signal,
      onProgress: say,
    });
    exit.release();
    try {
      if (exit.signal.aborted) {
        say('stopped before the end of the fit; nothing was written');
        return;
      }
      for (const choice of forecaster.choices) say(`chosen: ${choice}`);
      const { losses } = forecaster;
      const run: ForecastRun = {
        config: { ...config, data: { ...config.data, holdout } },
        file,
        set,
        forecaster,
        training: {
          config: storedConfig(config, holdout),
          seed: config.seed,
          backend: backend.name,
          versions: libraryVersions(backend),
          dataSha256: createHash('sha256').update(bytes).digest('hex'),
          steps: losses.length,
          finalLoss: losses.at(-1) ?? 0,
        },
        seconds: (performance.now() - started) / 1000,
      };
      await finishRun(run, runFolder, call);
    } finally {
      forecaster.dispose();
    }
  } finally {
    folder.close();
  }
}

/** The configuration with what was chosen, without the keys that a direct forecaster does not have. */
function storedConfig({ name, seed, data, forecast }: ForecastFit, holdout: number): Record<string, unknown> {
  const own = Object.entries(data).filter(([key]) => key !== 'samples' && key !== 'scaler');
  return { name, seed, data: { ...Object.fromEntries(own), holdout }, forecast };
}

/** Exports, evaluates and reports a fitted forecaster. */
async function finishRun(run: ForecastRun, runFolder: string, call: ForecastCall): Promise<void> {
  const { config, file, forecaster, set } = run;
  const { holdout } = config.data;
  const { horizon } = config.forecast;
  const exported = call.export ? await exportForecaster(run, call.models) : null;
  if (exported !== null) say(describeExport(exported));
  let evaluation: Evaluation | null = null;
  if (holdout > 0) {
    const opened = exported === null ? null : await openModelFolder(exported.modelFolder, exported.version);
    const { name } = config;
    const { choices } = forecaster;
    const predictor = opened?.predictor ?? forecaster;
    evaluation = await evaluateRun({
      name,
      predictor,
      exported,
      set,
      file,
      holdout,
      horizon,
      runFolder,
      choices,
    });
    await opened?.release();
    say(evaluationText(evaluation));
  }
  writeRun(run, runFolder, evaluation);
  say(`report: ${path.join(runFolder, runFiles.report)}`);
  if (exported !== null) {
    say(`next: npm run generate -- ${exported.modelFolder} --samples ${horizon} --prompt ${file}`);
  }
}

/**
 * Exports the forecaster to a model repository.
 *
 * @throws ResultError if the file differs from the fitted forecaster; nothing is written then
 */
function exportForecaster(
  { config, forecaster, set, training }: ForecastRun,
  repository: string,
): Promise<ExportResult> {
  const { bytes, tensors, forecaster: described } = forecaster.toOnnx({ name: config.name });
  return publishModel({
    name: config.name,
    repository,
    model: readModel(bytes),
    generator: null,
    externalData: false,
    description: {
      format: manifestFormat,
      kind: 'forecaster',
      forecaster: described,
      net: null,
      tensors: { model: tensors, generator: null },
      state: null,
      lag: 1,
      scaler: { kind: 'none', center: [], scale: [] },
      sampling: null,
      training,
    },
    check: async (manifest, files) => {
      const opened = await openModelPredictor(manifest, files);
      const rows = await compareForecasts(set, forecaster, opened.predictor, config.forecast.horizon);
      await opened.release();
      return rows;
    },
  });
}

/** Compares the forecasts of the file with those of the fitted forecaster from origins over the whole series. */
async function compareForecasts(
  set: SeriesSet,
  fitted: Predictor,
  exported: Predictor,
  horizon: number,
): Promise<ParityRow[]> {
  const tasks = set.series.slice(0, comparedOrigins).map((series, index) => {
    const length = Math.max(1, Math.floor((series.length * (comparedOrigins - index)) / comparedOrigins));
    const values = series.values.subarray(0, length * set.targets.length);
    return { set, horizon, series: { ...series, length, values } };
  });
  const [expected, actual] = [await fitted.predict(tasks), await exported.predict(tasks)];
  return tasks.map(({ series }, index) =>
    compareValues(
      { check: 'forecast', runtime: 'onnxruntime-node', batch: tasks.length, time: series.length },
      Float32Array.from(expected[index].quantiles ?? expected[index].values),
      Float32Array.from(actual[index].quantiles ?? actual[index].values),
    ),
  );
}

/** Writes the report and, last, run.json. */
function writeRun(run: ForecastRun, runFolder: string, evaluation: Evaluation | null): void {
  const { config, file, forecaster, seconds, set, training } = run;
  const { horizon } = config.forecast;
  const overall = evaluation?.backtest.rows.filter(isOverall);
  const own = overall?.find(({ forecaster: name }) => name === 'model');
  const naive = overall?.find(({ forecaster: name }) => name === 'seasonal-naive');
  const report = reportPage({
    title: config.name,
    subtitle: `Forecasts ${horizon} samples of ${set.targets.join(', ')} at once, fitted on the ${training.backend} backend, seed ${config.seed}.`,
    figures: [
      ...(own === undefined
        ? []
        : [
            {
              label: 'MASE on the hold-out',
              value: own.mase?.toPrecision(3) ?? 'none',
              note: `seasonal naive ${naive?.mase?.toPrecision(3) ?? 'none'}`,
            },
            {
              label: 'MAE on the hold-out',
              value: own.mae.toPrecision(3),
              note: `seasonal naive ${naive?.mae.toPrecision(3) ?? ''}`,
            },
          ]),
      { label: 'training', value: durationText(seconds) },
    ],
    sections: [
      ...(evaluation === null ? [] : evaluationSections({ set, ...evaluation })),
      lossSection(forecaster.losses),
      {
        title: 'Chosen from the data',
        table: { head: ['what was chosen'], rows: forecaster.choices.map((choice) => [choice]) },
      },
    ],
    footer: `Created by Onda on ${new Date().toISOString()}.`,
  });
  writeFileAtomic(path.join(runFolder, runFiles.report), report);
  const summary = {
    format: 1,
    kind: 'forecaster',
    dataFile: file,
    choices: forecaster.choices,
    seconds,
    validation: forecaster.validation?.mase ?? null,
    ...training,
  };
  writeFileAtomic(path.join(runFolder, runFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
}

function lossSection(losses: ArrayLike<number>): ReportSection {
  return {
    title: 'Loss',
    pictures: [
      {
        caption: 'Training loss',
        wide: true,
        svg: lineChart([{ name: 'loss', colour: chartColours.loss, y: losses }], {
          xLabel: 'step',
          yLabel: 'loss',
          logarithmic: Array.from(losses).every((loss) => loss > 0),
          width: 1000,
        }),
      },
    ],
  };
}
