import path from 'node:path';
import type { FitConfig, ParityRow } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import { describeExport } from '../export/describeExport.ts';
import { exportNetModel } from '../export/exportNet.ts';
import { netSampling } from '../export/netSampling.ts';
import type { ExportResult } from '../export/publishModel.ts';
import { writeFileWhole } from '../files.ts';
import { readArtifacts } from '../fit/artifacts.ts';
import { bandSeed } from '../fit/drawnBand.ts';
import { fitRun, type FittedRun } from '../fit/fitRun.ts';
import { readConfig } from '../fit/readConfig.ts';
import { runFiles, trainingOf } from '../fit/runFolder.ts';
import { fitReport } from '../report/fitReport.ts';
import type { GeneratedValues } from '../report/fitReportData.ts';
import { reportPage } from '../report/reportPage.ts';

/** The options of `fit` as the command line gives them. */
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

/** Ends the fit after its step at the first interrupt; the second ends the process as always. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
  });
  return controller.signal;
}

/** The export of a fitted run into a model repository. */
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

/** Writes a run's report.html; returns its path. */
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
  writeFileWhole(file, reportPage(report));
  return file;
}

/** One line on what the net does with what was held back. */
function forecastLine({ forecast }: FittedRun, config: FitConfig): string | null {
  if (!forecast) return null;
  const naive = config.data.kind === 'video-clips' ? 'the same frame again' : 'the last value again';
  return `held back (${forecast.samples} samples): rmse ${forecast.forecast.rmse.toPrecision(3)}, ${naive} ${forecast.naive.rmse.toPrecision(3)}`;
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
      say(`stopped after step ${run.summary.steps}; go on with --resume`);
      return;
    }
    const held = forecastLine(run, config);
    if (held !== null) say(held);
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
