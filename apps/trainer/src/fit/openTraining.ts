import type { FitConfig } from '@onda/contract';
import type { LossSpec, NetSpec } from '@onda/nets';
import { Net } from '@onda/nets';
import type { DataSource } from '@onda/series';
import { createRandom } from '@onda/series';
import type { NetBatch, NetModel, Schedule, TrainOptions } from '@onda/training';
import {
  carryModel,
  constantSchedule,
  cosineSchedule,
  oneCycleSchedule,
  Optimizer,
  stepSchedule,
  windowModel,
  withWarmup,
} from '@onda/training';
import type { ResolvedConfig } from './resolveTraining.ts';
import { usesWindows } from './resolveTraining.ts';

/** Shares of the steps between which the generated samples of a window rise from 0 to `freeRunning`. */
const freeRunningStart = 0.5;
const freeRunningEnd = 0.8;

/** A new net from the seed of a configuration, and how to train it. */
export interface Training {
  net: Net;
  model: NetModel<NetBatch>;
  options: Omit<TrainOptions<NetBatch>, 'model'>;
  dispose(): void;
}

/** @throws ConfigError or DataError for settings that do not fit the data */
export function openTraining(config: ResolvedConfig, source: DataSource): Training {
  const { training, seed } = config;
  const plan = planOf(config, source);
  const random = createRandom(seed);
  const net = Net.create(netOf(config, source), (low, high) => random.uniform(low, high));
  const { optimizer: kind, learningRate, clipNorm, momentum, weightDecay } = training;
  const optimizer = new Optimizer({ kind, learningRate, clipNorm, momentum, weightDecay }, net.variables);
  const loss = lossOf(config);
  const { lag } = config;
  const { freeRunning, scheduledSampling, noise, steps } = training;
  const model: NetModel<NetBatch> = usesWindows(config)
    ? windowModel(net, {
        loss,
        noise,
        seed,
        ...(freeRunning > 0 && {
          feedback: {
            samples: freeRunning,
            lag,
            start: Math.floor(steps * freeRunningStart),
            end: Math.floor(steps * freeRunningEnd),
          },
        }),
        ...(scheduledSampling > 0 && { scheduledSampling: { final: scheduledSampling, steps, lag } }),
      })
    : carryModel(net, { loss, carry: training.carry });
  const { schedule, timeLimitS, average } = training;
  return {
    net,
    model,
    options: {
      optimizer,
      batches: plan.batches,
      steps,
      fullWeight: plan.fullWeight,
      schedule: scheduleOf(config),
      ...(schedule.kind === 'plateau' && { plateau: schedule }),
      ...(average > 0 && { average }),
      ...(plan.validation.length > 0 && {
        validation: {
          batches: plan.validation,
          every: training.validateEvery,
          ...training.earlyStopping,
        },
      }),
      ...(timeLimitS !== undefined && { timeLimitMs: timeLimitS * 1000 }),
    },
    dispose() {
      model.dispose();
      optimizer.dispose();
    },
  };
}

interface BatchPlan {
  batches: TrainOptions<NetBatch>['batches'];
  validation: NetBatch[];
  fullWeight?: number;
}

function planOf(config: ResolvedConfig, source: DataSource): BatchPlan {
  const { training, seed } = config;
  const { window = 1, warmup = 0, batch, draw } = training;
  if (usesWindows(config)) {
    const windows = source.windows({ window, warmup, batch, seed, draw });
    if (windows) return { batches: windows.training, validation: windows.validation };
  }
  const chunks = batch > 1 ? source.streams(batch) : source;
  const validation =
    config.data.kind === 'csv' && config.data.validation > 0 && source.shortest !== null
      ? (source.windows({ ...validationWindow(config, source.shortest), batch: 1, seed, draw })?.validation ??
        [])
      : [];
  return { batches: { batch: (step) => chunks.chunk(step) }, validation, fullWeight: chunks.fullSamples };
}

/** Windows that validate a training with carry: from zero states, the first half is warm-up. */
function validationWindow(config: ResolvedConfig, shortest: number): { window: number; warmup: number } {
  const samples = config.data.kind === 'csv' ? config.data.samples : 1;
  const window = Math.max(2, Math.min(2 * samples, shortest - config.lag));
  return { window, warmup: Math.floor(window / 2) };
}

function scheduleOf({ training }: ResolvedConfig): Schedule {
  const { schedule, learningRate, steps, warmupSteps } = training;
  const plain = (): Schedule => {
    switch (schedule.kind) {
      case 'constant':
      case 'plateau':
        return constantSchedule(learningRate);
      case 'cosine':
        return cosineSchedule(learningRate, steps, schedule.finalRate);
      case 'step':
        return stepSchedule(learningRate, schedule.every, schedule.factor);
      case 'one-cycle':
        return oneCycleSchedule(learningRate, steps);
    }
  };
  return warmupSteps > 0 ? withWarmup(plain(), warmupSteps) : plain();
}

/** The loss of a configuration. */
export function lossOf({ training: { loss, huberDelta, quantiles } }: FitConfig): LossSpec {
  if (loss === 'huber') return { kind: loss, delta: huberDelta };
  return loss === 'quantile' ? { kind: loss, levels: quantiles } : { kind: loss };
}

/** The net of a configuration. A loss that fits a distribution determines the read-out, so it is part of the spec. */
export function netOf(
  config: FitConfig,
  { features, outputs }: Pick<DataSource, 'features' | 'outputs'>,
): NetSpec {
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
