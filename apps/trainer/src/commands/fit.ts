import path from 'node:path';
import type { FitConfig, ParityRow } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import { describeExport } from '../export/publishModel.ts';
import { exportNetModel } from '../export/exportModels.ts';
import { netSampling } from '../export/sampling.ts';
import type { ExportResult } from '../export/publishModel.ts';
import { writeFileAtomic } from '../files.ts';
import { readArtifacts } from '../fit/artifacts.ts';
import { bandSeed } from '../fit/demonstration.ts';
import { fitRun, type FittedRun } from '../fit/fitRun.ts';
import { readConfig } from '../fit/readConfig.ts';
import { runFiles, trainingOf } from '../fit/runFolder.ts';
import { fitReport } from '../fitReport.ts';
import type { GeneratedValues } from '../fitReport.ts';
import { reportPage } from '../reportPage.ts';

/** Command-line options of `fit`. */
export interface FitCall {
  set: string[];
  out?: string;
  models: string;
  export: boolean;
  resume: boolean;
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** The first interrupt ends the fit after the current step; the second ends the process. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
  });
  return controller.signal;
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
  more: { generated?: GeneratedValues[]; parity?: readonly ParityRow[]; notes?: string[] },
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
    notes: more.notes ?? [],
    created: new Date(),
  });
  writeFileAtomic(file, reportPage(report));
  return file;
}

/** One line with the errors on the hold-out data. */
function forecastLine({ forecast }: FittedRun, config: FitConfig): string | null {
  if (!forecast) return null;
  const naive = config.data.kind === 'video-clips' ? 'last frame repeated' : 'last value repeated';
  return `hold-out (${forecast.samples} samples): rmse ${forecast.forecast.rmse.toPrecision(3)}, ${naive} ${forecast.naive.rmse.toPrecision(3)}`;
}

export async function fitCommand(configFile: string, call: FitCall): Promise<void> {
  const config = readConfig(configFile, call.set);
  const runFolder = call.out ?? path.join('runs', config.name);
  const backend = await openBackend();
  const run = await fitRun({
    config,
    configFolder: path.dirname(configFile),
    runFolder,
    backend,
    resume: call.resume,
    signal: interruptSignal(),
  });
  try {
    if (run.stopped) {
      say(`stopped after step ${run.summary.steps}; continue with --resume`);
      return;
    }
    const holdOut = forecastLine(run, config);
    if (holdOut !== null) say(holdOut);
    const exported = call.export ? await exportRun(run, runFolder, call.models) : null;
    if (exported) say(describeExport(exported));
    const report = writeReport(run, runFolder, { parity: exported?.manifest.parity });
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
