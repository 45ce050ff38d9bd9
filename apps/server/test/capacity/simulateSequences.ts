import type { Random } from '@onda/series';

export interface Traffic {
  /** Sequences that begin in a second, on average. */
  arrivals: number;
  /** Seconds that one is stepped for, on average; exponential. */
  durationS: number;
  /** Seconds between two steps. */
  intervalS: number;
  /** Share of the clients that end their sequences; the others leave them to expire. */
  ending: number;
  /** Idle timeout of a sequence, seconds. */
  idleS: number;
}

/**
 * Begins, steps, ends and forgets sequences second by second.
 *
 * @returns the mean of those that live and of the steps a second, over the second half of the time
 */
export function simulateSequences(
  traffic: Traffic,
  seconds: number,
  random: Random,
): { live: number; steps: number } {
  const { arrivals, durationS, intervalS, ending, idleS } = traffic;
  /** How many more live from this second on. */
  const change = new Float64Array(seconds + 1);
  const steps = new Float64Array(seconds + 1);
  const add = (into: Float64Array, at: number, value: number): void => {
    if (at <= seconds) into[Math.floor(at)] += value;
  };
  for (let second = 0; second < seconds; second++) {
    for (let left = poisson(arrivals, random); left > 0; left--) {
      const start = second + random.next();
      let last = start;
      const duration = -Math.log(1 - random.next()) * durationS;
      for (let at = start; at <= start + duration; at += intervalS) {
        add(steps, at, 1);
        last = at;
      }
      add(change, start, 1);
      add(change, random.next() < ending ? last : last + idleS, -1);
    }
  }
  let live = 0;
  const sums = { live: 0, steps: 0 };
  const half = Math.floor(seconds / 2);
  for (let second = 0; second < seconds; second++) {
    live += change[second];
    if (second < half) continue;
    sums.live += live;
    sums.steps += steps[second];
  }
  return { live: sums.live / (seconds - half), steps: sums.steps / (seconds - half) };
}

/** A number of events of a given mean (Knuth, for small means). */
function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}
