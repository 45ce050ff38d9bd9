import { ConfigError } from '@onda/contract';

/**
 * The learning rate of every step.
 *
 * @param step 0, 1, 2, ...
 */
export type Schedule = (step: number) => number;

/** A constant learning rate. */
export function constantSchedule(rate: number): Schedule {
  return () => rate;
}

/**
 * Cosine decay from `rate` at step 0 to `finalRate` at step `steps`, constant afterwards.
 *
 * @throws ConfigError if `steps` is not a whole number of at least 1
 */
export function cosineSchedule(rate: number, steps: number, finalRate = 0): Schedule {
  checkCount('cosine schedule: steps', steps);
  return (step) => finalRate + ((rate - finalRate) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)))) / 2;
}

/**
 * Step decay: `rate` is multiplied by `factor` every `every` steps.
 *
 * @throws ConfigError if `every` is not a whole number of at least 1
 */
export function stepSchedule(rate: number, every: number, factor: number): Schedule {
  checkCount('step schedule: every', every);
  return (step) => rate * factor ** Math.floor(step / every);
}

function checkCount(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new ConfigError(
      `${what}: expected a whole number of at least 1, got ${value}; correct the schedule`,
    );
  }
}
