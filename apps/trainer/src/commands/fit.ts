import path from 'node:path';
import type { FitConfig, ParityRow } from '@onda/contract';
import type { ForecastReport } from '@onda/series';
import { openBackend } from '@onda/tfjs-native';
import { evaluationText } from '../evaluation/evaluateModel.ts';
import type { NetEvaluation } from '../evaluation/evaluateNet.ts';
import { chooseConfig, evaluateNet } from '../evaluation/evaluateNet.ts';
import { exitSignal } from '../exitSignal.ts';
import { describeExport } from '../export/publishModel.ts';
import { exportNetModel } from '../export/exportModels.ts';
import { netSampling } from '../export/sampling.ts';
import type { ExportResult } from '../export/publishModel.ts';
import { checkWritable, writeFileAtomic } from '../files.ts';
import { readArtifacts } from '../fit/artifacts.ts';
import { bandSeed } from '../fit/demonstration.ts';
import { fitRun, type FittedRun } from '../fit/fitRun.ts';
import { readDocument } from '../fit/readConfig.ts';
import { runFiles, trainingOf } from '../fit/runFolder.ts';
import { fitReport } from '../fitReport.ts';
import type { GeneratedValues } from '../fitReport.ts';
import { reportPage } from '../reportPage.ts';
import { say } from '../terminal.ts';
import { fitForecast, isDirectForecast } from './fitForecast.ts';

/** Command-line options of `fit`. */
export interface FitCall {
  set: string[];
  out?: string;
  models: string;
  export: boolean;
  resume: boolean;
  force: boolean;
}

/** Exports a fitted run to a model repository. */
export async function exportRun(
  run: FittedRun,
  runFolder: string,
  repository: string,
): Promise<ExportResult> {
  const { config, scaler } = run.summary;
  const artifacts = readArtifacts(path.join(runFolder, runFiles.model));
  return exportNetModel({
    name: config.name,
    artifacts,
    lag: config.lag,
    scaler,
    sampling: netSampling(artifacts),
    training: trainingOf(run.summary),
    repository,
  });
}

/** Writes report.html of a run; returns its path. */
export function writeReport(
  run: FittedRun,
  runFolder: string,
  more: {
    generated?: GeneratedValues[];
    parity?: readonly ParityRow[];
    evaluation?: NetEvaluation | null;
    notes?: string[];
  },
): string {
  const file = path.join(runFolder, runFiles.report);
  const report = fitReport({
    config: run.summary.config,
    features: run.net.spec.features,
    parameters: run.net.variables.reduce((sum, { size }) => sum + size, 0),
    backend: run.summary.backend,
    seconds: run.seconds,
    losses: run.losses,
    pictures: run.pictures,
    demonstration: run.demonstration,
    generated: more.generated ?? [
      { by: run.band === null ? 'generated' : `drawn from seed ${bandSeed}`, values: run.generated },
    ],
    band: run.band,
    forecast: run.forecast,
    parity: more.parity ?? [],
    evaluation: more.evaluation ?? null,
    notes: more.notes ?? [],
    created: new Date(),
  });
  writeFileAtomic(file, reportPage(report));
  return file;
}

/** The errors on the hold-out data, a line per column, and warnings where the naive forecast is better. */
function forecastLines({ forecast, columns }: FittedRun, config: FitConfig): string[] {
  if (!forecast) return [];
  const naive = config.data.kind === 'video-clips' ? 'last frame repeated' : 'last value repeated';
  const line = (what: string, { forecast: ours, naive: theirs }: ForecastPair): string[] => [
    `hold-out${what} (${forecast.samples} samples): rmse ${ours.rmse.toPrecision(3)}, ${naive} ${theirs.rmse.toPrecision(3)}`,
    ...(ours.rmse > theirs.rmse
      ? [
          `warning: hold-out${what}: the ${naive} is a better forecast (${theirs.rmse.toPrecision(3)} against ${ours.rmse.toPrecision(3)}); train longer, or change the net or its settings`,
        ]
      : []),
  ];
  // Columns may have different units: an error over all of them would mean nothing.
  if (columns.length < 2) return line('', forecast);
  return columns.flatMap((name, index) => line(` ${name}`, forecast.columns[index]));
}

type ForecastPair = Pick<ForecastReport, 'forecast' | 'naive'>;

export async function fitCommand(configFile: string, call: FitCall): Promise<void> {
  const document = readDocument(configFile, 'config', call.set);
  const { config, choices } = await chooseConfig(document, configFile);
  if (isDirectForecast(config)) {
    await fitForecast(config, configFile, call, 'holdout' in (document['data'] as object));
    return;
  }
  for (const choice of choices) say(`chosen: ${choice}`);
  const runFolder = call.out ?? path.join('runs', config.name);
  if (call.export) checkWritable(path.join(call.models, config.name));
  const backend = await openBackend();
  // The first interrupt ends the fit after the current step, with a checkpoint.
  const interrupt = exitSignal();
  let run: Awaited<ReturnType<typeof fitRun>>;
  try {
    run = await fitRun({
      config,
      configFolder: path.dirname(configFile),
      runFolder,
      backend,
      resume: call.resume,
      force: call.force,
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
  }
  if ('stoppedAfter' in run) {
    say(`stopped after step ${run.stoppedAfter}; continue with --resume`);
    return;
  }
  if ('finished' in run) {
    const { steps, finalLoss } = run.finished;
    say(
      `the run in ${runFolder} is finished (${steps} steps, loss ${finalLoss.toPrecision(3)}); nothing was done. Export it with: npm run export -- ${runFolder} ${call.models}`,
    );
    return;
  }
  try {
    for (const text of forecastLines(run, run.summary.config)) say(text);
    // Written before the export, which may fail.
    const report = writeReport(run, runFolder, {});
    const exported = call.export ? await exportRun(run, runFolder, call.models) : null;
    if (exported) {
      say(describeExport(exported));
      const { parity } = exported.manifest;
      const evaluation = await evaluateNet(run, configFile, exported, runFolder, choices);
      if (evaluation !== null) say(evaluationText(evaluation));
      writeReport(run, runFolder, { parity, evaluation });
    }
    say(`report: ${report}`);
    if (exported) {
      say(
        `next: npm run generate -- ${exported.modelFolder} --samples 100${config.data.kind === 'sine' ? '' : ' --prompt FILE.csv'}${run.band === null ? '' : ` --seed ${bandSeed}`}`,
      );
    }
  } finally {
    run.net.dispose();
  }
}
