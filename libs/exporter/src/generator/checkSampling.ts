import type { Sampling } from '@onda/contract';
import { ConfigError, samplingSchema } from '@onda/contract';

/** @throws ConfigError for a sampling that cannot be */
export function checkSampling(sampling: Sampling): void {
  const { error } = samplingSchema.safeParse(sampling);
  if (error !== undefined) {
    const [{ path, message }] = error.issues;
    throw new ConfigError(`sampling ${path.join('.')}: ${message}; correct it`);
  }
  if (sampling.kind === 'quantile' && new Set(sampling.levels).size !== sampling.levels.length) {
    throw new ConfigError(
      `sampling levels: expected different levels, got ${JSON.stringify(sampling.levels)}; leave out what comes twice`,
    );
  }
}
