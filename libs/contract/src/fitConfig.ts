import { z } from 'zod';
import { ConfigError, zodMessage } from './errors.ts';
import { checkModelName } from './modelFiles.ts';

const count = z.int().min(1);

/** The lagged sine: chunk k is `samples + 1` points of sin over [k pi, (k + 1) pi]. */
const sineData = z.strictObject({
  kind: z.literal('sine'),
  samples: count.max(100_000).default(20),
});

/** Columns of a CSV file, one row per sample. */
const csvData = z.strictObject({
  kind: z.literal('csv'),
  /** Relative to the config file. */
  file: z.string().min(1),
  columns: z.array(z.string().min(1)).min(1),
  /** Number of samples at the end that are held out for evaluation. */
  holdout: z.int().min(0).default(0),
  /** Samples per training chunk. */
  samples: count.max(100_000).default(50),
  scaler: z.enum(['none', 'standard', 'minmax']).default('standard'),
});

/** Synthetic clips of a bright dot that moves over `height` x `width` frames. */
const videoData = z.strictObject({
  kind: z.literal('video-clips'),
  clips: count.default(1000),
  /** Input frames per clip; each clip has `lag` more. */
  frames: count.default(50),
  height: count.max(64).default(2),
  width: count.max(64).default(2),
  batch: count.default(10),
  /** Additional clips for evaluation. */
  holdout: z.int().min(0).default(100),
});

export const cellKinds = ['rnn', 'lstm', 'gru'] as const;
export type CellKind = (typeof cellKinds)[number];

const netConfig = z.strictObject({
  cell: z.enum(cellKinds).default('rnn'),
  units: count.max(8192).default(32),
  layers: count.max(64).default(1),
  /** Dropout rate between layers, in training only. */
  dropout: z.number().min(0).lt(1).default(0),
});

const trainingConfig = z.strictObject({
  /** Number of training steps; each takes one chunk (or batch of chunks). */
  steps: count.default(100),
  optimizer: z.enum(['adam', 'adamw', 'rmsprop', 'sgd']).default('adam'),
  learningRate: z.number().positive().default(0.01),
  /** Learning rate schedule. */
  schedule: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant') }),
      /** Cosine decay from learningRate to `finalRate`. */
      z.strictObject({ kind: z.literal('cosine'), finalRate: z.number().min(0).default(0) }),
      /** Multiplied by `factor` every `every` steps. */
      z.strictObject({ kind: z.literal('step'), every: count, factor: z.number().positive().max(1) }),
    ])
    .prefault({ kind: 'constant' }),
  /** Maximum norm of all gradients together; 0: no clipping. */
  clipNorm: z.number().min(0).default(0),
  /** sgd only. */
  momentum: z.number().min(0).lt(1).default(0),
  /** Default: 0.01 for adamw, else 0. */
  weightDecay: z.number().min(0).optional(),
  /** gaussian and quantile fit a distribution that the generator samples; the point prediction is the mean or the median. */
  loss: z.enum(['mse', 'mae', 'huber', 'gaussian', 'quantile']).default('mse'),
  /** huber only: errors up to it are squared, larger ones linear. */
  huberDelta: z.number().positive().default(1),
  /** quantile only: the levels to predict, the median first. */
  quantiles: z.array(z.number().gt(0).lt(1)).min(2).default([0.5, 0.1, 0.9]),
  /** Whether the final state of a chunk starts the next one, detached from the gradient. */
  carry: z.boolean().default(true),
  /** Steps between two plots of x and prediction in the report. */
  pictureEvery: count.default(25),
});

/** The configuration of `npm run fit -- CONFIG.yaml`. */
export const fitConfigSchema = z.strictObject({
  name: z.string(),
  seed: z.int().min(0).max(0xffff_ffff).default(0),
  lag: count.default(1),
  data: z.discriminatedUnion('kind', [sineData, csvData, videoData]),
  net: netConfig.prefault({}),
  training: trainingConfig.prefault({}),
});

export type FitConfig = z.infer<typeof fitConfigSchema>;
export type DataConfig = FitConfig['data'];
export type SineDataConfig = Extract<DataConfig, { kind: 'sine' }>;
export type CsvDataConfig = Extract<DataConfig, { kind: 'csv' }>;
export type VideoDataConfig = Extract<DataConfig, { kind: 'video-clips' }>;

/**
 * Validates a fit configuration and sets its defaults.
 *
 * @param value  the parsed YAML or JSON document
 * @param source name of the document in errors, usually its file name
 * @throws ConfigError naming the path, the expected value and the given one
 */
export function parseFitConfig(value: unknown, source: string): FitConfig {
  const result = fitConfigSchema.safeParse(value);
  if (!result.success) {
    throw new ConfigError(`${source}: ${zodMessage(result.error)}`, { cause: result.error });
  }
  const { name, net } = result.data;
  checkModelName(name, `${source}: name`);
  if (net.dropout > 0 && net.layers === 1) {
    throw new ConfigError(
      `${source}: net.dropout: expected 0 with one layer, because dropout is applied between layers, got ${net.dropout}; add a layer or omit it`,
    );
  }
  return result.data;
}
