import type { ServiceSample } from '../rates/serviceSamples.ts';
import { stretchOf } from '../rates/timedAnswers.ts';
import type { Stretch, TimedAnswers } from '../rates/timedAnswers.ts';
import { median } from '../statistics.ts';

/** A part of a soak: a minute, or less where it is short. */
export interface SoakSlice extends Stretch {
  /** Its end, minutes after the start. */
  untilMin: number;
  /** The most in it. */
  residentMiB: number;
  /** The least in it: what is left when garbage is collected. */
  heapMiB: number;
  liveSequences: number;
}

/** Parts of a soak that is shorter than so many minutes. */
const LEAST_SLICES = 6;

export function soakSlices(
  loads: readonly TimedAnswers[],
  samples: readonly ServiceSample[],
  startMs: number,
  minutes: number,
): SoakSlice[] {
  const count = Math.max(LEAST_SLICES, Math.round(minutes));
  const lengthMs = (minutes * 60_000) / count;
  return Array.from({ length: count }, (_, index) => {
    const fromMs = startMs + index * lengthMs;
    const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + lengthMs);
    return {
      ...stretchOf(loads, fromMs, fromMs + lengthMs),
      untilMin: ((index + 1) * lengthMs) / 60_000,
      residentMiB: Math.max(0, ...within.map(({ residentMiB }) => residentMiB)),
      heapMiB: within.length === 0 ? 0 : Math.min(...within.map(({ heapMiB }) => heapMiB)),
      liveSequences: within.length === 0 ? 0 : median(within.map(({ liveSequences }) => liveSequences)),
    };
  });
}
