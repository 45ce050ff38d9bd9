import type { Series } from '../data/series.ts';
import { cut } from '../data/series.ts';
import type { ClosedLoopModel, Stream } from './stream.ts';
import { startStream } from './stream.ts';

/** Where a prompt is cut from a series. */
interface PromptPlace {
  series: Series;
  /** First sample of the prompt; a formula takes places between samples. */
  start: number;
  /** Samples of the prompt. */
  time: number;
}

/** Samples of the truth after the prompt that the first range of values includes. */
const lookAhead = 400;

/** One closed loop while it is watched: what was computed, and how far it is shown. */
export class LiveRun {
  readonly place: PromptPlace;
  readonly features: number;
  /** Row-major [time, features]. */
  readonly prompt: Float32Array;
  /** Row-major [samples, features]. */
  readonly generated: number[] = [];
  /** Absolute difference from the truth, the largest of the features', one a sample; NaN where there is no truth. */
  readonly errors: number[] = [];
  /** Lowest and highest value of prompt, truth and generation. */
  readonly range: [number, number] = [Infinity, -Infinity];
  /** Samples shown, with the fraction of the one that is being drawn. */
  shown = 0;
  readonly #stream: Stream;
  #computing: Promise<void> | null = null;

  constructor(model: ClosedLoopModel, place: PromptPlace) {
    this.place = place;
    this.features = place.series.features;
    this.prompt = cut(place.series, place.start, place.time);
    this.#stream = startStream(model, this.prompt);
    for (const value of this.prompt) this.#widen(value);
    for (let sample = place.time; sample < place.time + lookAhead; sample++) {
      for (let feature = 0; feature < this.features; feature++) this.#widen(this.truth(sample, feature));
    }
  }

  /** Samples that are wholly drawn. */
  get drawn(): number {
    return Math.floor(this.shown);
  }

  get computed(): number {
    return this.errors.length;
  }

  /** The true value at a sample, counted from the start of the prompt; NaN if unknown. */
  truth(sample: number, feature: number): number {
    const { series, start } = this.place;
    return series.truth ? series.at(start + sample, feature) : NaN;
  }

  /** The net's value at a generated sample, counted from 0. */
  value(sample: number, feature: number): number {
    return this.generated[sample * this.features + feature];
  }

  /**
   * Advances the playback and computes samples ahead.
   *
   * @param elapsed seconds since the last call
   * @returns null, or the running computation: it rejects when a run fails
   */
  step(elapsed: number, pace: Pace): Promise<void> | null {
    this.shown = advance(this.shown, this.computed, elapsed, pace);
    if (this.#computing) return null;
    const samples = samplesToCompute(this.shown, this.computed, pace);
    if (samples === 0) return null;
    this.#computing = this.#compute(samples).finally(() => {
      this.#computing = null;
    });
    return this.#computing;
  }

  async #compute(samples: number): Promise<void> {
    const values = await this.#stream.next(samples);
    for (let first = 0; first < values.length; first += this.features) {
      const sample = this.place.time + this.computed;
      let worst = NaN;
      for (let feature = 0; feature < this.features; feature++) {
        const value = values[first + feature];
        this.generated.push(value);
        this.#widen(value);
        const error = Math.abs(value - this.truth(sample, feature));
        if (!(error <= worst) && !Number.isNaN(error)) worst = error;
      }
      this.errors.push(worst);
    }
  }

  #widen(value: number): void {
    if (value < this.range[0]) this.range[0] = value;
    if (value > this.range[1]) this.range[1] = value;
  }
}

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
