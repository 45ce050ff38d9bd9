import { z } from 'zod';
import { parseConfig } from './parseConfig.ts';

const count = z.int().min(1);

/** A range of numbers, drawn uniformly, or uniformly in the logarithm. */
const range = z.strictObject({
  from: z.number().describe('Lowest value.'),
  to: z.number().describe('Highest value.'),
  scale: z
    .enum(['linear', 'log'])
    .default('linear')
    .describe('log: uniform in the logarithm, for values over several powers of ten.'),
  whole: z.boolean().default(false).describe('Whether values are rounded to whole numbers.'),
});

const values = z
  .union([z.array(z.unknown()).min(1), range])
  .describe('A list of values, or a range of numbers { from, to, scale, whole }.');

export const sweepMetrics = ['validation', 'loss', 'mae', 'rmse', 'smape', 'mase', 'crps'] as const;
/** What a sweep minimizes. */
export type SweepMetric = (typeof sweepMetrics)[number];

/** The configuration of `npm run sweep -- SWEEP.yaml`. */
export const sweepConfigSchema = z.strictObject({
  name: z.string().describe('Name of the sweep: its folder is runs/<name>.'),
  config: z.string().min(1).describe('Fit configuration of every trial, relative to this file.'),
  metric: z
    .enum(sweepMetrics)
    .default('validation')
    .describe(
      'Minimized. validation: error on the validation part; loss: last training loss; the others: mean error of the backtest on the hold-out, which is then no longer an independent test of the best trial.',
    ),
  search: z
    .discriminatedUnion('method', [
      z.strictObject({ method: z.literal('grid').describe('All combinations of the values.') }),
      z.strictObject({
        method: z.literal('random').describe('Values drawn at random for each trial.'),
        trials: count.max(10_000).describe('Number of trials.'),
        seed: z.int().min(0).max(0xffff_ffff).default(0).describe('Seed of the drawn values.'),
      }),
      z.strictObject({
        method: z
          .literal('halving')
          .describe('Successive halving: many short trials, then longer ones of the best.'),
        trials: count.max(10_000).describe('Number of trials in the first round.'),
        seed: z.int().min(0).max(0xffff_ffff).default(0).describe('Seed of the drawn values.'),
        resource: z
          .string()
          .min(1)
          .default('training.steps')
          .describe('Key that is raised from round to round.'),
        from: count.describe('Value of the resource in the first round.'),
        to: count.describe('Highest value of the resource, in the last round.'),
        factor: z
          .int()
          .min(2)
          .max(100)
          .default(3)
          .describe('One trial in `factor` continues, with `factor` times the resource.'),
      }),
    ])
    .prefault({ method: 'grid' })
    .describe('How the trials are chosen.'),
  values: z
    .record(z.string().min(1), values)
    .refine((keys) => Object.keys(keys).length > 0, { message: 'expected at least one key with values' })
    .describe('Keys of the fit configuration, such as net.units, and their values.'),
  workers: count
    .max(1024)
    .optional()
    .describe('Trials at a time on this machine. Default: half of the processor cores; none with --redis.'),
});

export type SweepConfig = z.infer<typeof sweepConfigSchema>;
export type SweepSearch = SweepConfig['search'];
export type SweepValues = SweepConfig['values'];

/**
 * Validates a sweep configuration and sets its defaults.
 *
 * @param value  the parsed YAML or JSON document
 * @param source name of the document in errors, usually its file name
 * @throws ConfigError naming the key, the allowed value, the given one and the nearest known name
 */
export function parseSweepConfig(value: unknown, source: string): SweepConfig {
  return parseConfig(sweepConfigSchema, value, source, searchMistake);
}

function searchMistake({ search, values: all }: SweepConfig): string | undefined {
  for (const [key, given] of Object.entries(all)) {
    if (Array.isArray(given)) continue;
    const { from, to, scale } = given;
    if (search.method === 'grid') {
      return `values.${key}: expected a list, because a grid tries all combinations, got a range; list the values, or set search: { method: random, trials: 20 }`;
    }
    if (from >= to)
      return `values.${key}.to: expected more than from (${from}), got ${to}; correct one of them`;
    if (scale === 'log' && from <= 0) {
      return `values.${key}.from: expected more than 0 with scale: log, got ${from}; correct it, or use scale: linear`;
    }
  }
  if (search.method !== 'halving') return undefined;
  const { resource, from, to } = search;
  if (resource in all) {
    return `values.${resource}: expected none, because it is the resource of the search; remove it, or name another search.resource`;
  }
  if (from > to) return `search.to: expected at least search.from (${from}), got ${to}; correct one of them`;
  return undefined;
}
