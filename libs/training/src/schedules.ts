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

/**
 * One cycle: a cosine rise from `rate` / 25 to `rate` over the first 30 % of the steps, then a cosine decay to `rate` / 250,000
 * (PyTorch's OneCycleLR with its defaults, without the cycle of the momentum).
 *
 * @throws ConfigError if `steps` is not a whole number of at least 1
 */
export function oneCycleSchedule(rate: number, steps: number): Schedule {
  checkCount('one-cycle schedule: steps', steps);
  const low = rate / 25;
  const final = low / 1e4;
  const peak = 0.3 * steps - 1;
  const end = steps - 1;
  const cosine = (from: number, to: number, share: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return (step) => {
    if (step >= end) return end > 0 ? final : rate;
    return step <= peak
      ? cosine(low, rate, peak > 0 ? step / peak : 1)
      : cosine(rate, final, (step - peak) / (end - peak));
  };
}

/**
 * A linear rise to the rate of `schedule` over the first `steps` steps.
 *
 * @throws ConfigError if `steps` is not a whole number of at least 1
 */
export function withWarmup(schedule: Schedule, steps: number): Schedule {
  checkCount('warm-up of the learning rate: steps', steps);
  return (step) => schedule(step) * Math.min(1, (step + 1) / steps);
}

function checkCount(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new ConfigError(
      `${what}: expected a whole number of at least 1, got ${value}; correct the schedule`,
    );
  }
}
