import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FitConfig, Scaler } from '@onda/contract';
import { DataError } from '@onda/contract';
import type { LossSpec, NetSpec } from '@onda/nets';
import { Net } from '@onda/nets';
import type { Chunk, DataSource, ForecastReport } from '@onda/series';
import { createRandom, createSource, judgeForecast, unscaleValues } from '@onda/series';
import type { OpenBackend } from '@onda/tfjs-native';
import type { FitProgress, Schedule } from '@onda/training';
import {
  constantSchedule,
  cosineSchedule,
  decodeCheckpoint,
  encodeCheckpoint,
  fit,
  Optimizer,
  stepSchedule,
  takeCheckpoint,
} from '@onda/training';
import { lossSampling, pointPrediction } from '../export/sampling.ts';
import { createTfjsReference, forecastValues } from '../export/tfjsReference.ts';
import { readDataFile } from '../dataFile.ts';
import { writeFileAtomic } from '../files.ts';
import type { StepPicture } from '../fitReport.ts';
import { createProgressLine } from '../terminal.ts';
import { libraryVersions } from '../versions.ts';
import type { Demonstration, DrawnBand } from './demonstration.ts';
import { demonstration, drawnBand } from './demonstration.ts';
import type { RunSummary } from './runFolder.ts';
import { runFiles, writeLosses, writeModelFiles, writeSummary } from './runFolder.ts';

/** Milliseconds between two checkpoints: the work that a crash may lose. */
const checkpointEveryMs = 30_000;

interface FitRequest {
  config: FitConfig;
  /** Folder that `data.file` is relative to. */
  configFolder: string;
  /** Output folder of the run. */
  runFolder: string;
  backend: OpenBackend;
  resume: boolean;
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
  stopped: boolean;
}

/**
 * Fits a net from a configuration and writes the run folder: model, losses, checkpoint and, last, the summary.
 *
 * @throws DataError, ConfigError for invalid input; ResultError if the training diverges
 */
export async function fitRun(request: FitRequest): Promise<FittedRun> {
  const { config, runFolder, backend } = request;
  const { training } = config;
  const source = await openSource(config, request.configFolder);
  for (const note of source.notes) process.stderr.write(`data: ${note}\n`);
  const start = openStart(request, source);
  const { net, optimizer } = start;
  const recorder = createPictureRecorder(training.pictureEvery, training.steps, source.scaler);
  const line = createProgressLine('fit');
  const started = performance.now();
  let saved = started;
  const save = (progress: FitProgress): void => {
    writeFileAtomic(
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
      backend: backend.name,
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
      ...evaluate(config, source, net),
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

async function openSource(config: FitConfig, folder: string): Promise<DataSource> {
  const { data } = config;
  if (data.kind !== 'csv') return createSource(config);
  const file = path.resolve(folder, data.file);
  return createSource(config, await readDataFile(file, data));
}

interface Start {
  net: Net;
  optimizer: Optimizer;
  progress?: FitProgress;
}

/** A new net from the seed, or the net of the checkpoint. */
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
      `--resume: expected a checkpoint with ${differs} ${text(spec, differs)}, as in the configuration, got ${has}; fit without --resume`,
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

/** Evaluates the fitted net on the hold-out data and generates values. */
function evaluate(
  config: FitConfig,
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
  const drawn = sampling && drawnBand(reference, shown, config.lag);
  return {
    demonstration: shown,
    generated: drawn?.first ?? reference.closedLoop(shown.prompt, 1, shown.time, shown.samples, config.lag),
    band: drawn?.band ?? null,
    forecast: holdOut.length > 0 ? judgeForecast(holdOut, forecasts) : null,
  };
}

/** The loss of a configuration. */
export function lossOf({ training: { loss, huberDelta, quantiles } }: FitConfig): LossSpec {
  if (loss === 'huber') return { kind: loss, delta: huberDelta };
  return loss === 'quantile' ? { kind: loss, levels: quantiles } : { kind: loss };
}

/** The net of a configuration. A loss that fits a distribution determines the read-out, so it is part of the spec. */
export function netOf(config: FitConfig, { features, outputs }: DataSource): NetSpec {
  const { dropout, ...sizes } = config.net;
  const loss = lossOf(config);
  return {
    ...sizes,
    features,
    outputs,
    ...((loss.kind === 'gaussian' || loss.kind === 'quantile') && { loss }),
    ...(dropout > 0 && { dropout: { rate: dropout, seed: config.seed } }),
  };
}

/** Records x and the prediction every `every` steps and in the last step, for the report. */
interface PictureRecorder {
  wants(step: number): boolean;
  /**
   * @param prediction [batch, time, outputs] of this step, before its update, in the net's units
   */
  record(step: number, chunk: Chunk, prediction: Float32Array): void;
  readonly pictures: StepPicture[];
}

function createPictureRecorder(every: number, steps: number, scaler: Scaler): PictureRecorder {
  const pictures: StepPicture[] = [];
  return {
    pictures,
    wants: (step) => step % every === 0 || step === steps - 1,
    record(step, chunk, prediction) {
      const { time, features, outputs } = chunk;
      pictures.push({
        step,
        x: unscaleValues(chunk.x.slice(0, time * features), scaler),
        y: unscaleValues(chunk.y.slice(0, time * outputs), scaler),
        prediction: unscaleValues(prediction.slice(0, time * outputs), scaler),
      });
    },
  };
}
