import type { FitConfig } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { DataSource } from '@onda/series';

/** A configuration in which every training setting has a value. */
export interface ResolvedConfig extends FitConfig {
  training: FitConfig['training'] &
    Required<
      Pick<
        FitConfig['training'],
        | 'steps'
        | 'learningRate'
        | 'schedule'
        | 'clipNorm'
        | 'average'
        | 'batch'
        | 'validateEvery'
        | 'pictureEvery'
      >
    >;
}

/**
 * Defaults with random windows, chosen on hourly temperatures with 32 units and 500 steps, and with consecutive chunks,
 * as in examples/lagged-sine.yaml.
 */
const windowDefaults = {
  steps: 1000,
  schedule: { kind: 'one-cycle' },
  clipNorm: 0.1,
  average: 0.99,
  batch: 32,
} as const;
const chunkDefaults = {
  steps: 100,
  schedule: { kind: 'constant' },
  clipNorm: 0,
  average: 0,
  batch: 1,
} as const;

/** Learning rates with random windows: gates tolerate higher ones than a plain tanh cell. */
const windowRate = 0.05;
const windowRateOfRnn = 0.02;
const chunkRate = 0.01;

const leastWindow = 2;
/** Samples of a window of a data file: several seasons of most steps. */
const usualWindow = 100;

/** Whether a configuration trains on random windows: always, unless it asks for carry or has video clips. */
export const usesWindows = ({ training, data }: FitConfig): boolean =>
  !training.carry && data.kind !== 'video-clips';

/**
 * Fills in the training settings that depend on the data.
 *
 * @throws ConfigError for settings that do not fit the data
 */
export function resolveTraining(config: FitConfig, source: DataSource): ResolvedConfig {
  const { training } = config;
  const windows = usesWindows(config);
  const defaults = windows ? windowDefaults : chunkDefaults;
  const batch = training.batch ?? defaults.batch;
  const sizes = windows ? windowSizes(config, source) : {};
  const { epochs, ...rest } = training;
  const steps =
    training.steps ??
    (epochs === undefined ? defaults.steps : stepsOf(config, source, epochs, { ...sizes, batch }));
  return {
    ...config,
    training: {
      ...rest,
      ...sizes,
      batch,
      steps,
      learningRate:
        training.learningRate ??
        (windows ? (config.net.cell === 'rnn' ? windowRateOfRnn : windowRate) : chunkRate),
      schedule: training.schedule ?? defaults.schedule,
      clipNorm: training.clipNorm ?? defaults.clipNorm,
      average: training.average ?? defaults.average,
      validateEvery: training.validateEvery ?? Math.max(1, Math.round(steps / 20)),
      pictureEvery: training.pictureEvery ?? Math.max(1, Math.round(steps / 4)),
    },
  };
}

function windowSizes(
  { training, data, lag }: FitConfig,
  { shortest }: DataSource,
): { window: number; warmup: number } {
  const { freeRunning } = training;
  const most =
    shortest === null ? Infinity : Math.max(leastWindow, Math.floor(shortest / 2), lag + freeRunning);
  // The closed loop of a sine follows a prompt of half a period, as in examples/lagged-sine.yaml.
  const prompt = data.kind === 'sine' ? data.samples : usualWindow;
  const usual = data.kind === 'sine' && freeRunning === 0 ? 2 * prompt : prompt + freeRunning;
  const window = training.window ?? Math.min(most, Math.max(leastWindow, usual));
  if (freeRunning > window - lag) {
    throw new ConfigError(
      `training.freeRunning: expected at most ${window - lag}, the window of ${window} samples less the lag, got ${freeRunning}; lower it or set training.window`,
    );
  }
  const warmup = training.warmup ?? Math.floor((window - freeRunning) / 5);
  if (warmup >= window) {
    throw new ConfigError(
      `training.warmup: expected at most ${window - 1}, less than the window of ${window} samples, got ${warmup}; lower it`,
    );
  }
  return { window, warmup };
}

function stepsOf(
  config: FitConfig,
  source: DataSource,
  epochs: number,
  { window, warmup, batch }: { window?: number; warmup?: number; batch: number },
): number {
  const perEpoch =
    window === undefined || warmup === undefined
      ? (batch > 1 ? source.streams(batch) : source).chunksPerPass
      : (source.windows({ window, warmup, batch, seed: config.seed, draw: config.training.draw })?.training
          .stepsPerEpoch ?? null);
  if (perEpoch === null || config.data.kind === 'sine') {
    throw new ConfigError(
      `training.epochs: expected training.steps with a sine, which has no end, got ${epochs} epochs; set training.steps`,
    );
  }
  return Math.max(1, Math.ceil(epochs * perEpoch));
}
