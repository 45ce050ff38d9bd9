import { z } from 'zod';
import { configMistake } from './configErrors.ts';
import { ConfigError } from './errors.ts';
import { checkModelName } from './modelFiles.ts';

const count = z.int().min(1);

/** The lagged sine: chunk k is `samples + 1` points of sin over [k pi, (k + 1) pi]. */
const sineData = z.strictObject({
  kind: z.literal('sine'),
  samples: count.max(100_000).default(20),
});

/** Series in a data file: CSV, JSON lines or Parquet, one row per sample. */
const csvData = z.strictObject({
  kind: z.literal('csv'),
  /** Relative to the config file. */
  file: z.string().min(1),
  /** Columns to predict: the features of one series. */
  columns: z.array(z.string().min(1)).min(1),
  /** Column of the times, or columns of year and quarter or month. Default: detected; false: rows follow each other. */
  time: z
    .union([z.string().min(1), z.tuple([z.string().min(1), z.string().min(1)]), z.literal(false)])
    .optional(),
  /** Column that names the series of each row, for a file with several series. */
  group: z.string().min(1).optional(),
  /** `wide`: each column is a separate series. */
  layout: z.enum(['multivariate', 'wide']).default('multivariate'),
  /** Columns that are known ahead, also in rows after the last value. */
  covariates: z.array(z.string().min(1)).optional(),
  /** Whether the position in the hour, day, week and year are covariates. */
  calendar: z.boolean().optional(),
  /** Samples per season; 1: none. Default: from the step of the times. */
  period: count.optional(),
  /** What to do about missing values and times. */
  missing: z.enum(['fail', 'interpolate', 'forward-fill', 'drop']).default('fail'),
  /** What to do about several rows of the same time. */
  duplicates: z.enum(['fail', 'first', 'mean']).default('fail'),
  /** What to do about rows that are not in order of time. */
  order: z.enum(['fail', 'sort']).default('fail'),
  /** Default: detected. */
  format: z.enum(['csv', 'json-lines', 'parquet']).optional(),
  /** Separator of the columns. Default: detected. */
  delimiter: z.string().length(1).optional(),
  /** Decimal separator. Default: detected. */
  decimal: z.enum(['.', ',']).optional(),
  /** Whether the first line has the column names. Default: detected. */
  header: z.boolean().optional(),
  /** Number of samples at the end of each series that are held out for evaluation. */
  holdout: z.int().min(0).default(0),
  /** Most samples per training chunk. */
  samples: count.max(100_000).default(50),
  scaler: z.enum(['none', 'standard', 'minmax', 'robust']).default('standard'),
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
 * @throws ConfigError naming the key, the allowed value, the given one and the nearest known name
 */
export function parseFitConfig(value: unknown, source: string): FitConfig {
  const result = fitConfigSchema.safeParse(value, { reportInput: true });
  if (!result.success) {
    throw new ConfigError(`${source}: ${configMistake(result.error, fitConfigSchema, value)}`, {
      cause: result.error,
    });
  }
  checkModelName(result.data.name, `${source}: name`);
  const mistake = settingMistake(result.data);
  if (mistake !== undefined) throw new ConfigError(`${source}: ${mistake}`);
  return result.data;
}

/** The first setting that does not apply to the others; default values are accepted. */
function settingMistake({ net, training, data }: FitConfig): string | undefined {
  if (net.dropout > 0 && net.layers === 1) {
    return `net.dropout: expected 0 with one layer, because dropout is applied between layers, got ${net.dropout}; add a layer or omit it`;
  }
  const { optimizer, momentum, loss, huberDelta, quantiles } = training;
  if (momentum > 0 && optimizer !== 'sgd') {
    return `training.momentum: expected none with the optimizer ${optimizer}, because only sgd uses it, got ${momentum}; remove it or set training.optimizer: sgd`;
  }
  if (huberDelta !== 1 && loss !== 'huber') {
    return `training.huberDelta: expected none with the loss ${loss}, because only huber uses it, got ${huberDelta}; remove it or set training.loss: huber`;
  }
  if (quantiles.join() !== '0.5,0.1,0.9' && loss !== 'quantile') {
    return `training.quantiles: expected none with the loss ${loss}, because only quantile uses them, got [${quantiles.join(', ')}]; remove them or set training.loss: quantile`;
  }
  return data.kind === 'csv' ? csvMistake(data) : undefined;
}

function csvMistake(data: CsvDataConfig): string | undefined {
  const { columns, covariates = [], group, time, layout } = data;
  const roles = [
    ...columns.map((name, index) => ({ key: `data.columns[${index}]`, name })),
    ...covariates.map((name, index) => ({ key: `data.covariates[${index}]`, name })),
    ...(group === undefined ? [] : [{ key: 'data.group', name: group }]),
    ...(time === undefined || time === false
      ? []
      : [time].flat().map((name) => ({ key: 'data.time', name }))),
  ];
  const seen = new Map<string, string>();
  for (const { key, name } of roles) {
    const before = seen.get(name);
    if (before !== undefined) {
      return `${key}: expected a column that is not used elsewhere, got ${JSON.stringify(name)}, which is ${before}; remove one of them`;
    }
    seen.set(name, key);
  }
  if (layout === 'wide' && group !== undefined) {
    return `data.group: expected none with data.layout wide, whose columns are the series, got ${JSON.stringify(group)}; remove one of them`;
  }
  if (time !== false) return undefined;
  const key = (['duplicates', 'order', 'calendar'] as const).find(
    (name) => data[name] !== 'fail' && data[name] !== undefined && data[name] !== false,
  );
  return (
    key &&
    `data.${key}: expected none with data.time false, got ${String(data[key])}; name the column of the times, or remove it`
  );
}
