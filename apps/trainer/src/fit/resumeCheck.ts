import type { FitConfig } from '@onda/contract';
import { canonicalJson, ConfigError } from '@onda/contract';
import { z } from 'zod';
import type { ResolvedConfig } from './resolveTraining.ts';

/** What identifies a run in its checkpoints. */
export interface RunIdentity {
  config: ResolvedConfig;
  dataSha256: string;
  backend: string;
}

const identitySchema = z.object({
  config: z.record(z.string(), z.unknown()),
  dataSha256: z.string(),
  backend: z.string(),
});

/** Settings that do not change the weights of a step; `data.file` is compared by its content. */
const free: ReadonlySet<string> = new Set([
  'data.file',
  'training.timeLimitS',
  'training.checkpoint',
  'training.tensorboard',
  'training.pictureEvery',
]);

/**
 * Checks that a configuration and its data are those of the run in a checkpoint. More steps are accepted where the learning rate of the
 * steps so far does not depend on their number.
 *
 * @param meta  description of the run in the checkpoint
 * @param where name of the run folder
 * @returns notes for the user
 * @throws ConfigError naming the first difference
 */
export function checkResume(meta: unknown, now: RunIdentity, where: string): string[] {
  const result = identitySchema.safeParse(meta);
  if (!result.success) {
    throw new ConfigError(
      `--resume: expected a checkpoint of the fit command in ${where}, got one without a configuration; fit without --resume`,
    );
  }
  const before = result.data;
  const again = 'restore it, or fit without --resume to another folder (--out)';
  if (before.dataSha256 !== now.dataSha256) {
    throw new ConfigError(
      `--resume: expected the data of the run in ${where} (SHA-256 ${before.dataSha256.slice(0, 12)}...), got other data (${now.dataSha256.slice(0, 12)}...); ${again}`,
    );
  }
  const [was, is] = [flatten(before.config), flatten(now.config)];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [expected, given] = [was.get(key), is.get(key)];
    if (expected === given || isFree(key)) continue;
    if (key === 'training.steps' && Number(given) > Number(expected)) {
      const dependent = stepsMatter(now.config);
      if (dependent === null) continue;
      throw new ConfigError(
        `--resume: expected training.steps ${expected ?? 'none'}, as in the run in ${where}, got ${given ?? 'none'}: ${dependent}; ${again}`,
      );
    }
    // The default follows the number of steps.
    if (key === 'training.validateEvery' && was.get('training.steps') !== is.get('training.steps')) continue;
    throw new ConfigError(
      `--resume: expected ${key} ${expected ?? 'not set'}, as in the run in ${where}, got ${given ?? 'not set'}; ${again}`,
    );
  }
  return before.backend === now.backend
    ? []
    : [
        `the run started on the ${before.backend} backend and continues on ${now.backend}: its results will differ in the last bits from an uninterrupted run`,
      ];
}

const isFree = (key: string): boolean =>
  free.has(key) || [...free].some((prefix) => key.startsWith(`${prefix}.`));

/** Why more steps would change the steps so far; null if they do not. */
function stepsMatter({ training }: FitConfig): string | null {
  const { schedule, scheduledSampling } = training;
  if (schedule?.kind === 'cosine' || schedule?.kind === 'one-cycle') {
    return `the learning rate of the schedule ${schedule.kind} would jump`;
  }
  if (training.freeRunning > 0) return 'the number of samples of training.freeRunning would jump';
  return scheduledSampling > 0 ? 'the probability of training.scheduledSampling would jump' : null;
}

/** The values of a document by their dotted keys, as JSON. */
function flatten(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[prefix, canonicalJson(value)]]);
  }
  return new Map(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .flatMap(([key, entry]) => [...flatten(entry, prefix ? `${prefix}.${key}` : key)]),
  );
}
