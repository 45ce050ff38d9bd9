import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DataError, type FitConfig } from '@onda/contract';
import { Net, type NetSpec } from '@onda/nets';
import {
  createRandom,
  createSource,
  judgeForecast,
  type DataSource,
  type ForecastReport,
} from '@onda/series';
import {
  constantSchedule,
  cosineSchedule,
  decodeCheckpoint,
  encodeCheckpoint,
  fit,
  Optimizer,
  stepSchedule,
  takeCheckpoint,
  type FitProgress,
  type Schedule,
} from '@onda/training';
import type { OpenBackend } from '@onda/tfjs-native';
import { lossSampling } from '../export/netSampling.ts';
import { pointPrediction } from '../export/pointPrediction.ts';
import { createTfjsReference } from '../export/tfjsReference.ts';
import { readInput, writeFileWhole } from '../files.ts';
import { createProgressLine } from '../progressLine.ts';
import type { StepPicture } from '../report/fitReportData.ts';
import { libraryVersions } from '../versions.ts';
import { demonstration, type Demonstration } from './demonstration.ts';
import { drawnBand, type DrawnBand } from './drawnBand.ts';
import { lossOf, netOf } from './netOf.ts';
import { createPictureRecorder } from './pictureRecorder.ts';
import { runFiles, writeLosses, writeModelFiles, writeSummary, type RunSummary } from './runFolder.ts';

/** Milliseconds between two checkpoints of a run that goes on: what a crash may cost. */
const checkpointEveryMs = 30_000;

export interface FitRequest {
  config: FitConfig;
  /** Folder that `data.file` is relative to. */
  configFolder: string;
  /** Where the run goes. */
  runFolder: string;
  backend: OpenBackend;
  resume: boolean;
  /** Ends the run after the step that is running; its checkpoint is kept. */
  signal?: AbortSignal;
}

/** A fitted net and what there is to tell about the fit. */
export interface FittedRun {
  net: Net;
  summary: RunSummary;
  losses: Float32Array;
  pictures: StepPicture[];
  demonstration: Demonstration;
  /** What the net itself generates after the demonstration's prompt, [samples, features]; of a net that draws, what it draws of `bandSeed`. */
  generated: Float32Array;
  /** Where such a net's values lie; null for a net of values. */
  band: DrawnBand | null;
  forecast: ForecastReport | null;
  seconds: number;
  stopped: boolean;
}

/**
 * Fits a net as a configuration says, and writes the run folder: model, losses, checkpoint and, last, the summary.
 *
 * @throws DataError, ConfigError for what cannot be used; ResultError when the training diverges
 */
export async function fitRun(request: FitRequest): Promise<FittedRun> {
  const { config, runFolder, backend } = request;
  const { training } = config;
  const source = openSource(config, request.configFolder);
  const start = openStart(request, source);
  const { net, optimizer } = start;
  const recorder = createPictureRecorder(training.pictureEvery, training.steps, source.scaler);
  const line = createProgressLine('fit');
  const started = performance.now();
  let saved = started;
  const save = (progress: FitProgress): void => {
    writeFileWhole(
      path.join(runFolder, runFiles.checkpoint),
      encodeCheckpoint(takeCheckpoint(net, optimizer, progress)),
    );
    saved = performance.now();
  };
  try {
    const result = await fit({
      net,
      source,
      optimizer,
      steps: training.steps,
      loss: lossOf(config),
      carry: training.carry,
      schedule: openSchedule(config),
      resume: start.progress,
      signal: request.signal,
      onStep: (step) => {
        if (recorder.wants(step.step)) recorder.record(step.step, step.chunk, step.prediction());
        if (line.due()) line.update(step.step + 1, training.steps, lossText(step.loss()));
        if (performance.now() - saved > checkpointEveryMs) save(step.progress());
      },
    });
    const { losses } = result;
    line.end(result.step, training.steps, lossText(losses[losses.length - 1]));
    const seconds = (performance.now() - started) / 1000;
    save(result);

    const summary: RunSummary = {
      format: 1,
      config,
      scaler: source.scaler,
      backend: backend.kernels ? `${backend.name} (native kernels)` : backend.name,
      versions: libraryVersions(backend),
      dataSha256: createHash('sha256').update(source.hashInput).digest('hex'),
      steps: result.step,
      finalLoss: losses[losses.length - 1],
    };
    writeModelFiles(runFolder, net.toArtifacts());
    writeLosses(runFolder, losses);
    writeSummary(runFolder, summary);
    return {
      net,
      summary,
      losses,
      pictures: recorder.pictures,
      ...judge(config, source, net),
      seconds,
      stopped: result.stopped,
    };
  } catch (error) {
    net.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

const lossText = (loss: number): string => `loss ${loss.toPrecision(3)}`;

function openSource(config: FitConfig, folder: string): DataSource {
  if (config.data.kind !== 'csv') return createSource(config);
  const file = path.resolve(folder, config.data.file);
  return createSource(config, { source: file, bytes: readInput(file, 'data') });
}

interface Start {
  net: Net;
  optimizer: Optimizer;
  progress?: FitProgress;
}

/** A new net from the seed, or the one of the checkpoint. */
function openStart({ config, runFolder, resume }: FitRequest, source: DataSource): Start {
  const spec = netOf(config, source);
  const file = path.join(runFolder, runFiles.checkpoint);
  if (!resume) {
    const random = createRandom(config.seed);
    const net = Net.create(spec, (low, high) => random.uniform(low, high));
    return { net, optimizer: openOptimizer(config, net) };
  }
  if (!existsSync(file)) {
    throw new DataError(`--resume: expected a checkpoint at ${file}, found none; fit without --resume first`);
  }
  const checkpoint = decodeCheckpoint(readFileSync(file), file);
  const net = Net.fromArtifacts(checkpoint.artifacts);
  const text = (of: NetSpec, key: keyof NetSpec): string => JSON.stringify(of[key] ?? 'none');
  const keys = [...new Set([...Object.keys(spec), ...Object.keys(net.spec)])] as (keyof NetSpec)[];
  const differs = keys.find((key) => text(net.spec, key) !== text(spec, key));
  if (differs) {
    const has = text(net.spec, differs);
    net.dispose();
    throw new DataError(
      `--resume: expected a checkpoint with ${differs} ${text(spec, differs)}, as the config says, got ${has}; fit without --resume`,
    );
  }
  const optimizer = openOptimizer(config, net);
  optimizer.restore(checkpoint.optimizer);
  return { net, optimizer, progress: checkpoint.progress };
}

function openOptimizer({ training }: FitConfig, net: Net): Optimizer {
  const { optimizer: kind, learningRate, clipNorm, momentum, weightDecay } = training;
  return new Optimizer({ kind, learningRate, clipNorm, momentum, weightDecay }, net.variables);
}

function openSchedule({ training }: FitConfig): Schedule {
  const { schedule, learningRate, steps } = training;
  switch (schedule.kind) {
    case 'constant':
      return constantSchedule(learningRate);
    case 'cosine':
      return cosineSchedule(learningRate, steps, schedule.finalRate);
    case 'step':
      return stepSchedule(learningRate, schedule.every, schedule.factor);
  }
}

/** What the fitted net does with data it was not trained on, and by itself. */
function judge(
  config: FitConfig,
  source: DataSource,
  net: Net,
): Pick<FittedRun, 'demonstration' | 'generated' | 'band' | 'forecast'> {
  const sampling = lossSampling(net.spec.loss);
  const reference = createTfjsReference(net, source.scaler, sampling);
  const shown = demonstration(config, source);
  const kept = source.evaluation();
  const forecastOf = ({ x, batch, time }: NonNullable<typeof kept>): Float32Array => {
    const { y } = reference.forward(x, batch, time);
    return pointPrediction(y, y.length / (batch * time), net.spec.outputs);
  };
  const drawn = sampling && drawnBand(reference, shown, config.lag);
  return {
    demonstration: shown,
    generated: drawn?.first ?? reference.closedLoop(shown.prompt, 1, shown.time, shown.samples, config.lag),
    band: drawn?.band ?? null,
    forecast: kept ? judgeForecast(kept, forecastOf(kept)) : null,
  };
}
