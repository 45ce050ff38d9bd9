import { z } from 'zod';
import { parseConfig } from './parseConfig.ts';
import { trainingConfig, trainingMistake } from './trainingConfig.ts';

const count = z.int().min(1);

/** The lagged sine: chunk k is `samples + 1` points of sin over [k pi, (k + 1) pi]. */
const sineData = z.strictObject({
  kind: z.literal('sine').describe('A sine, as chunks of half a period.'),
  samples: count.max(100_000).default(20).describe('Samples per chunk.'),
});

/** Series in a data file: CSV, JSON lines or Parquet, one row per sample. */
const csvData = z.strictObject({
  kind: z.literal('csv').optional().default('csv').describe('Series in a data file; may be omitted.'),
  file: z
    .string()
    .min(1)
    .describe('CSV, JSON lines or Parquet file, relative to the configuration; one row per sample.'),
  columns: z.array(z.string().min(1)).min(1).describe('Columns to predict.'),
  time: z
    .union([z.string().min(1), z.tuple([z.string().min(1), z.string().min(1)]), z.literal(false)])
    .optional()
    .describe(
      'Column of the times, or columns of year and quarter or month; false: rows follow each other. Default: detected.',
    ),
  group: z
    .string()
    .min(1)
    .optional()
    .describe('Column that names the series of each row, for a file with several series.'),
  layout: z
    .enum(['multivariate', 'wide'])
    .default('multivariate')
    .describe(
      'multivariate: columns are the features of one series; wide: each column is a separate series.',
    ),
  covariates: z
    .array(z.string().min(1))
    .optional()
    .describe('Columns that are known ahead, also in rows after the last value.'),
  calendar: z
    .boolean()
    .optional()
    .describe('Whether the position in the hour, day, week and year are covariates.'),
  period: count.optional().describe('Samples per season; 1: none. Default: from the step of the times.'),
  missing: z
    .enum(['fail', 'interpolate', 'forward-fill', 'drop'])
    .default('fail')
    .describe('What to do about missing values and times.'),
  duplicates: z
    .enum(['fail', 'first', 'mean'])
    .default('fail')
    .describe('What to do about several rows of the same time.'),
  order: z
    .enum(['fail', 'sort'])
    .default('fail')
    .describe('What to do about rows that are not in order of time.'),
  format: z
    .enum(['csv', 'json-lines', 'parquet'])
    .optional()
    .describe('Format of the file. Default: detected.'),
  delimiter: z.string().length(1).optional().describe('Separator of the columns. Default: detected.'),
  decimal: z.enum(['.', ',']).optional().describe('Decimal separator. Default: detected.'),
  header: z.boolean().optional().describe('Whether the first line has the column names. Default: detected.'),
  holdout: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Samples at the end of each series that are held out for evaluation. With `forecast` the default is chosen from the data.',
    ),
  validation: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Samples before the hold-out that validate the training. With `forecast` the default is chosen from the data.',
    ),
  samples: count.max(100_000).default(50).describe('Most samples per training chunk, with training.carry.'),
  scaler: z
    .enum(['none', 'standard', 'minmax', 'robust'])
    .default('standard')
    .describe('Scaling of the values, fitted on the training part and exported with the network.'),
});

/** Synthetic clips of a bright dot that moves over `height` x `width` frames. */
const videoData = z.strictObject({
  kind: z.literal('video-clips').describe('Synthetic clips of a moving dot.'),
  clips: count.default(1000).describe('Number of clips.'),
  frames: count.default(50).describe('Input frames per clip; each clip has `lag` more.'),
  height: count.max(64).default(2).describe('Height of a frame in pixels.'),
  width: count.max(64).default(2).describe('Width of a frame in pixels.'),
  batch: count.default(10).describe('Clips per training step.'),
  holdout: z.int().min(0).default(100).describe('Additional clips for evaluation.'),
});

export const cellKinds = ['rnn', 'lstm', 'gru'] as const;
export type CellKind = (typeof cellKinds)[number];

const netConfig = z.strictObject({
  cell: z.enum(cellKinds).default('rnn').describe('Kind of the recurrent layers.'),
  units: count.max(8192).default(32).describe('Units of each recurrent layer.'),
  layers: count.max(64).default(1).describe('Number of recurrent layers.'),
  dropout: z.number().min(0).lt(1).default(0).describe('Dropout rate between layers, in training only.'),
});

export const strategies = ['direct', 'closed-loop'] as const;

const forecastConfig = z.strictObject({
  horizon: count.max(10_000).describe('Number of samples to forecast.'),
  strategy: z
    .enum(strategies)
    .default('direct')
    .describe(
      'direct: an ensemble of networks that predict the whole horizon, with quantiles; closed-loop: a recurrent network that predicts the next sample and gets its predictions back.',
    ),
  levels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .optional()
    .describe('Levels of the predicted quantiles; direct only. Default: 0.1 to 0.9.'),
  members: count.max(100).optional().describe('Networks of the ensemble; direct only. Default: 5.'),
  theta: z
    .union([z.boolean(), z.literal('auto')])
    .optional()
    .describe(
      'Whether the forecast is averaged with that of the Theta method; auto: if the validation part is predicted better; direct only. Default: auto.',
    ),
  timeLimitS: count
    .max(86_400)
    .default(90)
    .describe('Seconds of training after which the best weights so far are taken.'),
});

/** The configuration of `npm run fit -- CONFIG.yaml`. */
export const fitConfigSchema = z.strictObject({
  name: z.string().describe('Name of the run and of the model: runs/<name>, models/<name>.'),
  seed: z.int().min(0).max(0xffff_ffff).default(0).describe('Seed of all random numbers.'),
  lag: count.default(1).describe('Number of samples that a prediction is ahead of its input.'),
  data: z.discriminatedUnion('kind', [sineData, csvData, videoData]).describe('The data.'),
  forecast: forecastConfig
    .optional()
    .describe('Fits a forecaster of a data file; all other settings are chosen from the data.'),
  net: netConfig.prefault({}).describe('The network.'),
  training: trainingConfig.prefault({}).describe('The training.'),
});

export type FitConfig = z.infer<typeof fitConfigSchema>;
export type DataConfig = FitConfig['data'];
export type SineDataConfig = Extract<DataConfig, { kind: 'sine' }>;
export type ForecastConfig = NonNullable<FitConfig['forecast']>;
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
  return parseConfig(
    fitConfigSchema,
    value,
    source,
    (config) => forecastMistake(config, value as object) ?? settingMistake(config),
  );
}

/** Keys of the recurrent networks of a closed loop, which a direct forecaster does not have. */
const loopKeys = ['lag', 'net', 'training'] as const;
const directKeys = ['levels', 'members', 'theta'] as const;

/** The first setting that does not apply to the forecast. */
function forecastMistake({ forecast, data, lag }: FitConfig, given: object): string | undefined {
  if (forecast === undefined) return undefined;
  const { strategy } = forecast;
  if (data.kind !== 'csv') {
    return `forecast: expected none with data.kind ${data.kind}, because only data files are forecast, got ${JSON.stringify(forecast)}; remove it, or set data.file`;
  }
  if (data.holdout > 0 && data.holdout < forecast.horizon) {
    return `data.holdout: expected at least the horizon (${forecast.horizon}), or 0, got ${data.holdout}; hold out more, or omit it`;
  }
  if (strategy === 'closed-loop') {
    const key = directKeys.find((name) => forecast[name] !== undefined);
    if (key !== undefined) {
      return `forecast.${key}: expected none with the strategy closed-loop, got ${JSON.stringify(forecast[key])}; remove it or set forecast.strategy: direct`;
    }
    if (lag !== 1) {
      return `lag: expected 1 with the strategy closed-loop, which predicts the next sample, got ${lag}; remove it`;
    }
    return undefined;
  }
  const key = loopKeys.find((name) => name in given);
  if (key !== undefined) {
    return `${key}: expected none with the strategy direct, whose networks are chosen from the data, got ${JSON.stringify(given[key as keyof typeof given])}; remove it or set forecast.strategy: closed-loop`;
  }
  const fileKey = (['samples', 'scaler'] as const).find((name) => name in (given as { data: object }).data);
  if (fileKey === undefined) return undefined;
  return `data.${fileKey}: expected none with the strategy direct, which scales and cuts its windows itself, got ${data[fileKey]}; remove it or set forecast.strategy: closed-loop`;
}

/** The first setting that does not apply to the others; default values are accepted. */
function settingMistake(config: FitConfig): string | undefined {
  const { net, data } = config;
  if (net.dropout > 0 && net.layers === 1) {
    return `net.dropout: expected 0 with one layer, because dropout is applied between layers, got ${net.dropout}; add a layer or omit it`;
  }
  return trainingMistake(config) ?? (data.kind === 'csv' ? csvMistake(data) : undefined);
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
