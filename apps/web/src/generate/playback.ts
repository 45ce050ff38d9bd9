/** Limits and speed of a playback. */
export interface Pace {
  /** Samples to show in all. */
  samples: number;
  /** Samples a second; Infinity shows all that there is at once. */
  speed: number;
}

/** Samples that are computed ahead of what is shown, so that the picture never waits for a run. */
const aheadSeconds = 0.4;
const leastAhead = 32;

/** Longest counted time between two frames, in seconds: a page that was in the background does not skip ahead. */
const longestFrameSeconds = 0.1;

/**
 * How far a generation is shown after some time has passed.
 *
 * @param shown     samples shown until now, with fractions
 * @param computed  samples computed so far
 * @param elapsed   seconds since the last frame
 */
export function advance(shown: number, computed: number, elapsed: number, pace: Pace): number {
  const reach = Math.min(computed, pace.samples);
  if (pace.speed === Infinity) return reach;
  return Math.min(reach, shown + Math.min(elapsed, longestFrameSeconds) * pace.speed);
}

/**
 * How many samples to compute now, 0 for none: in pieces of twice the reserve, so that runs are few.
 *
 * @param shown    samples shown until now
 * @param computed samples computed so far
 */
export function samplesToCompute(shown: number, computed: number, pace: Pace): number {
  const left = pace.samples - computed;
  if (left <= 0) return 0;
  if (pace.speed === Infinity) return left;
  const reserve = Math.max(leastAhead, Math.ceil(pace.speed * aheadSeconds));
  return computed - shown >= reserve ? 0 : Math.min(left, 2 * reserve);
}
