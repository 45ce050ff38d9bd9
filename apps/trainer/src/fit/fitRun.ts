import { createHash } from 'node:crypto';
import path from 'node:path';
import type { FitConfig, Scaler } from '@onda/contract';
import { ResultError } from '@onda/contract';
import type { Net } from '@onda/nets';
import type { DataSource, ForecastReport, SeriesSet } from '@onda/series';
import { createSource, judgeForecast, unscaleValues } from '@onda/series';
import type { OpenBackend } from '@onda/tfjs-native';
import type { Checkpoint, NetBatch, TrainResult } from '@onda/training';
import { train } from '@onda/training';
import { readDataFile } from '../dataFile.ts';
import { lossSampling, pointPrediction } from '../export/sampling.ts';
import { createTfjsReference, forecastValues } from '../export/tfjsReference.ts';
import type { StepPicture } from '../fitReport.ts';
import { createProgressLine } from '../terminal.ts';
import { libraryVersions } from '../versions.ts';
import type { Demonstration, DrawnBand } from './demonstration.ts';
import { demonstration, drawnBand } from './demonstration.ts';
import type { Training } from './openTraining.ts';
import { openTraining } from './openTraining.ts';
import type { ResolvedConfig } from './resolveTraining.ts';
import { resolveTraining } from './resolveTraining.ts';
import type { RunIdentity } from './resumeCheck.ts';
import { checkResume } from './resumeCheck.ts';
import type { RunSummary } from './runFolder.ts';
import { isRunFolder, readSummary, RunFolder } from './runFolder.ts';
import { checkTensorboard, RunMetrics } from './runMetrics.ts';

interface FitRequest {
  config: FitConfig;
  /** Folder that `data.file` is relative to. */
  configFolder: string;
  /** Output folder of the run. */
  runFolder: string;
  backend: OpenBackend;
  resume: boolean;
  /** Replace an existing run. */
  force?: boolean;
  /** Ends the run after the current step, with a checkpoint. */
  signal?: AbortSignal;
}

/** A fitted net and the data of its report. */
export interface FittedRun {
  net: Net;
  summary: RunSummary;
  losses: Float32Array;
  pictures: StepPicture[];
  demonstration: Demonstration;
  /** Values generated after the prompt of the demonstration, [samples, features]; of a probabilistic net those of `bandSeed`. */
  generated: Float32Array;
  /** Prediction band of a probabilistic net; else null. */
  band: DrawnBand | null;
  forecast: ForecastReport | null;
  seconds: number;
  /** The series of the data file; null for synthetic data. */
  series: SeriesSet | null;
  /** Names of the predicted columns. */
  columns: readonly string[];
}

/** A run that ended before its last step; its checkpoint continues it. */
export interface StoppedRun {
  stoppedAfter: number;
}

/** A run that was finished before: nothing was done. */
export interface FinishedRun {
  finished: RunSummary;
}

/**
 * Fits a net from a configuration and writes the run folder: checkpoints and metrics during the training, then model, losses and, last,
 * the summary.
 *
 * @throws DataError, ConfigError for invalid input; ResultError if the training diverges
 */
export async function fitRun(request: FitRequest): Promise<FittedRun | StoppedRun | FinishedRun> {
  const { runFolder, backend, resume, force = false } = request;
  const source = await openSource(request.config, request.configFolder);
  const config = resolveTraining(request.config, source);
  if (config.training.tensorboard) checkTensorboard(backend);
  const training = openTraining(config, source);
  let run: RunFolder | undefined;
  try {
    run = RunFolder.open(runFolder, { resume, force });
    const identity: RunIdentity = {
      config,
      dataSha256: createHash('sha256').update(source.hashInput).digest('hex'),
      backend: backend.name,
    };
    const before = resume ? openCheckpoint(run, identity) : undefined;
    if (before?.finished) {
      training.net.dispose();
      return { finished: before.finished };
    }
    for (const note of source.notes) process.stderr.write(`data: ${note}\n`);
    run.removeSummary();
    return await runTraining(request, source, training, run, identity, before?.checkpoint);
  } catch (error) {
    training.net.dispose();
    throw error;
  } finally {
    training.dispose();
    run?.close();
  }
}

async function openSource(config: FitConfig, folder: string): Promise<DataSource> {
  const { data } = config;
  if (data.kind !== 'csv') return createSource(config);
  const file = path.resolve(folder, data.file);
  return createSource(config, await readDataFile(file, data));
}

/** The checkpoint to resume from, and the summary of a run that has nothing left to do. */
function openCheckpoint(
  run: RunFolder,
  identity: RunIdentity,
): { checkpoint: Checkpoint; finished: RunSummary | null } {
  const { checkpoint, meta } = run.readCheckpoint();
  for (const note of checkResume(meta, identity, run.folder)) process.stderr.write(`warning: ${note}\n`);
  if (!isRunFolder(run.folder)) return { checkpoint, finished: null };
  const summary = readSummary(run.folder);
  const { steps, timeLimitS } = identity.config.training;
  const more =
    summary.ended === 'time'
      ? timeLimitS === undefined || timeLimitS * 1000 > checkpoint.elapsedMs
      : summary.ended === 'steps' && steps > checkpoint.step;
  return { checkpoint, finished: more ? null : summary };
}

async function runTraining(
  { backend, signal }: FitRequest,
  source: DataSource,
  { net, model, options }: Training,
  run: RunFolder,
  identity: RunIdentity,
  resume: Checkpoint | undefined,
): Promise<FittedRun | StoppedRun> {
  const { config } = identity;
  const { steps, pictureEvery, checkpoint: saving, tensorboard } = config.training;
  const metrics = new RunMetrics(run, resume?.step ?? 0, tensorboard, backend);
  const pictures: StepPicture[] = [];
  const record = (step: number, batch: NetBatch, prediction: Float32Array): void => {
    pictures.push(pictureOf(step, batch, prediction, source.scaler));
  };
  const line = createProgressLine('fit', { from: resume?.step ?? 0 });
  const started = performance.now() - (resume?.elapsedMs ?? 0);
  let saved = performance.now();
  let validated: number | undefined;
  let last: NetBatch | undefined;
  const save = (checkpoint: Checkpoint): void => {
    run.writeCheckpoint(checkpoint, identity, saving.keep);
    metrics.flush(checkpoint.losses);
    saved = performance.now();
  };
  const note = (loss: number): string =>
    `loss ${loss.toPrecision(3)}${validated === undefined ? '' : `, validation ${validated.toPrecision(3)}`}`;
  const due = (step: number): boolean =>
    saving.everySteps === undefined
      ? performance.now() - saved > saving.everyS * 1000
      : (step + 1) % saving.everySteps === 0;

  const result = await train<NetBatch>({
    ...options,
    model,
    signal,
    resume,
    onValidation: ({ step, loss, best }) => {
      validated = loss;
      metrics.validation(step, loss, best);
    },
    onStep: ({ step, batch, loss, learningRate, checkpoint }) => {
      last = batch;
      metrics.step(learningRate);
      if (step % pictureEvery === 0 || step === steps - 1) {
        record(step, batch, model.prediction() ?? new Float32Array(0));
      }
      if (line.due()) line.update(step + 1, steps, note(loss()));
      // The first checkpoint shows that the disk has room for it.
      if (due(step) || (step === 0 && saving.everySteps === undefined)) save(checkpoint());
    },
  });
  const { losses } = result;
  line.end(result.step, steps, `${note(losses[losses.length - 1])}${endingText(result)}`);
  save(result.checkpoint);
  if (result.ended === 'signal') {
    net.dispose();
    return { stoppedAfter: result.step };
  }
  if (pictures.length === 0 || (result.ended !== 'steps' && last)) {
    const batch = last ?? options.batches.batch(Math.max(0, result.step - 1));
    record(result.step - 1, batch, predictionOf(net, batch));
  }
  const evaluated = evaluate(config, source, net);
  const summary: RunSummary = {
    format: 1,
    config,
    scaler: source.scaler,
    backend: backend.name,
    versions: libraryVersions(backend),
    dataSha256: identity.dataSha256,
    steps: result.step,
    finalLoss: losses[losses.length - 1],
    validation: result.best?.loss ?? null,
    ended: result.ended,
  };
  run.writeModel(net.toArtifacts());
  run.writeLosses(losses);
  run.writeSummary(summary);
  return {
    net,
    summary,
    losses,
    pictures,
    ...evaluated,
    seconds: (performance.now() - started) / 1000,
    series: source.series,
    columns: config.data.kind === 'csv' ? config.data.columns : [],
  };
}

function endingText({ ended, best }: TrainResult): string {
  const kept = best === null ? '' : `, best validation ${best.loss.toPrecision(3)} after ${best.step}`;
  if (ended === 'early') return `${kept}: ended early, no better validation`;
  return ended === 'time' ? `${kept}: ended at the time limit` : kept;
}

/** The prediction of a net for a batch that starts from zeros, without the warm-up. */
function predictionOf(net: Net, { x, batch, time, features, warmup = 0 }: NetBatch): Float32Array {
  const y = forecastValues(
    net,
    { kind: 'none', center: new Array<number>(features).fill(0), scale: new Array<number>(features).fill(1) },
    lossSampling(net.spec.loss),
    Float64Array.from(x),
    batch,
    time,
  );
  const point = pointPrediction(y, y.length / (batch * time), net.spec.outputs);
  return Float32Array.from(point.subarray(warmup * net.spec.outputs, time * net.spec.outputs));
}

/** x, y and prediction of the first sequence of a batch, after the warm-up, in the units of the data. */
function pictureOf(
  step: number,
  { x, y, time, features, outputs, warmup = 0 }: NetBatch,
  prediction: Float32Array,
  scaler: Scaler,
): StepPicture {
  return {
    step,
    x: unscaleValues(x.slice(warmup * features, time * features), scaler),
    y: unscaleValues(y.slice(warmup * outputs, time * outputs), scaler),
    prediction: unscaleValues(prediction.slice(0, (time - warmup) * outputs), scaler),
  };
}

/**
 * Evaluates the fitted net on the hold-out data and generates values.
 *
 * @throws ResultError if the forecasts are not finite
 */
function evaluate(
  config: ResolvedConfig,
  source: DataSource,
  net: Net,
): Pick<FittedRun, 'demonstration' | 'generated' | 'band' | 'forecast'> {
  const sampling = lossSampling(net.spec.loss);
  const reference = createTfjsReference(net, source.scaler, sampling);
  const shown = demonstration(config, source);
  const holdOut = source.evaluations();
  const forecasts = holdOut.map(({ x, batch, time }) => {
    const y = forecastValues(net, source.scaler, sampling, x, batch, time);
    return pointPrediction(y, y.length / (batch * time), net.spec.outputs);
  });
  const forecast = holdOut.length > 0 ? judgeForecast(holdOut, forecasts) : null;
  if (forecast && !Number.isFinite(forecast.forecast.rmse)) {
    throw new ResultError(
      `hold-out: expected finite forecasts, got an RMSE of ${forecast.forecast.rmse}: the training diverged; lower training.learningRate, or scale the data`,
    );
  }
  const drawn = sampling && drawnBand(reference, shown, config.lag);
  return {
    demonstration: shown,
    generated: drawn?.first ?? reference.closedLoop(shown.prompt, 1, shown.time, shown.samples, config.lag),
    band: drawn?.band ?? null,
    forecast,
  };
}
