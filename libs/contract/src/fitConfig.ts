import { z } from 'zod';
import { ConfigError } from './errors.ts';
import { checkModelName } from './modelFiles.ts';
import { zodMessage } from './zodMessage.ts';

const count = z.int().min(1);

/** The first job: chunk k is `samples + 1` points of sin over [k pi, (k + 1) pi]. */
const sineData = z.strictObject({
  kind: z.literal('sine'),
  samples: count.max(100_000).default(20),
});

/** Columns of a CSV file, one row a sample. */
const csvData = z.strictObject({
  kind: z.literal('csv'),
  /** Relative to the config file. */
  file: z.string().min(1),
  columns: z.array(z.string().min(1)).min(1),
  /** The last `holdout` samples are kept from training and used to judge. */
  holdout: z.int().min(0).default(0),
  /** Samples in a training chunk. */
  samples: count.max(100_000).default(50),
  scaler: z.enum(['none', 'standard', 'minmax']).default('standard'),
});

/** Made clips of a bright dot that wanders over `height` x `width` frames. */
const videoData = z.strictObject({
  kind: z.literal('video-clips'),
  clips: count.default(1000),
  /** Frames fed of each clip; each clip has `lag` more. */
  frames: count.default(50),
  height: count.max(64).default(2),
  width: count.max(64).default(2),
  batch: count.default(10),
  /** Clips kept from training and used to judge. */
  holdout: z.int().min(0).default(100),
});

export const cellKinds = ['rnn', 'lstm', 'gru'] as const;
export type CellKind = (typeof cellKinds)[number];

const netConfig = z.strictObject({
  cell: z.enum(cellKinds).default('rnn'),
  units: count.max(8192).default(32),
  layers: count.max(64).default(1),
  /** Share of a layer's values that the layer above it does not see in training. */
  dropout: z.number().min(0).lt(1).default(0),
});

const trainingConfig = z.strictObject({
  /** Training steps; one chunk (or batch of chunks) a step. */
  steps: count.default(100),
  optimizer: z.enum(['adam', 'adamw', 'rmsprop', 'sgd']).default('adam'),
  learningRate: z.number().positive().default(0.01),
  /** How the learning rate changes over the steps. */
  schedule: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant') }),
      /** Half a cosine wave from learningRate down to `finalRate`. */
      z.strictObject({ kind: z.literal('cosine'), finalRate: z.number().min(0).default(0) }),
      /** Times `factor` after every `every` steps. */
      z.strictObject({ kind: z.literal('step'), every: count, factor: z.number().positive().max(1) }),
    ])
    .prefault({ kind: 'constant' }),
  /** Longest norm of all gradients together; 0: no clipping. */
  clipNorm: z.number().min(0).default(0),
  /** Of sgd. */
  momentum: z.number().min(0).lt(1).default(0),
  /** The optimizer's own default when left out: 0.01 for adamw, 0 otherwise. */
  weightDecay: z.number().min(0).optional(),
  /** gaussian and quantile fit a distribution, from which the generator draws; the mean or the median is the net's prediction. */
  loss: z.enum(['mse', 'mae', 'huber', 'gaussian', 'quantile']).default('mse'),
  /** Of huber: differences up to it count squared, larger ones straight. */
  huberDelta: z.number().positive().default(1),
  /** Of quantile: the levels to predict, the median first. */
  quantiles: z.array(z.number().gt(0).lt(1)).min(2).default([0.5, 0.1, 0.9]),
  /** Whether the state of one chunk starts the next (cut from the gradient). */
  carry: z.boolean().default(true),
  /** A picture of x and the prediction every so many steps. */
  pictureEvery: count.default(25),
});

/** What `npm run fit -- CONFIG.yaml` takes. */
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
 * Validates a fit configuration and fills in its defaults.
 *
 * @param value  what was read from YAML or JSON
 * @param source what to call the document in an error, usually its file name
 * @throws ConfigError naming the place, what was expected and what came
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
      `${source}: net.dropout: expected 0 with one layer, since values are dropped between layers, got ${net.dropout}; stack layers or leave it out`,
    );
  }
  return result.data;
}
