import type { FitConfig } from '@onda/contract';
import { drawKeys } from '@onda/contract';
import type { DataSource } from '@onda/series';
import { sineChunk, unscaleValues } from '@onda/series';
import type { TfjsReference } from '../export/tfjsReference.ts';

/** A prompt to generate from, in the units of the data, and the true values after it, if known. */
export interface Demonstration {
  /** [1, time, features], row-major. */
  prompt: Float32Array;
  time: number;
  samples: number;
  /** [1, samples, features]; null if unknown. */
  truth: Float32Array | null;
}

/** Samples of sine generated after the first chunk: ten half waves. */
const sineSamples = 200;

/** Frames of a video clip in the prompt. */
const promptFrames = 10;

/** Samples generated if the true values are unknown. */
const unknownSamples = 100;

/**
 * What a fitted net generates for the report: the sine after its first chunk, the hold-out part of a series, the rest of a clip.
 */
export function demonstration(config: FitConfig, source: DataSource): Demonstration {
  const { data, lag } = config;
  if (data.kind === 'sine') {
    const after = Array.from({ length: sineSamples }, (_, i) =>
      Math.sin(((data.samples + i) * Math.PI) / data.samples),
    );
    return {
      prompt: sineChunk(0, data.samples, lag).x,
      time: data.samples,
      samples: sineSamples,
      truth: Float32Array.from(after),
    };
  }
  const holdOut = source.evaluations().at(0);
  if (!holdOut) {
    const { x, time } = source.chunk(0);
    const prompt = unscaleValues(x.slice(0, time * source.features), source.scaler);
    return { prompt, time, samples: unknownSamples, truth: null };
  }
  const { features, time } = holdOut;
  // The complete sequence: its inputs, then the last `lag` targets, which are not among the inputs.
  const whole = Float32Array.from([
    ...holdOut.x.subarray(0, time * features),
    ...holdOut.y.subarray((time - lag) * features, time * features),
  ]);
  const wanted = data.kind === 'csv' ? holdOut.from + lag : promptFrames;
  const prompted = Math.max(lag, Math.min(wanted, time + lag - 1));
  return {
    prompt: whole.slice(0, prompted * features),
    time: prompted,
    samples: time + lag - prompted,
    truth: whole.slice(prompted * features),
  };
}

/** Number of drawn continuations, and how many are inside the band at each sample; equal shares are above and below. */
const count = 100;
const within = 90;

/** Seed of the continuations; the first one equals that of `generate --seed 1`. */
export const bandSeed = 1n;

/** Prediction band of a probabilistic net after a prompt; arrays are [samples, features]. */
export interface DrawnBand {
  readonly count: number;
  readonly within: number;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Draws many continuations of a demonstration; returns the first one and the band. */
export function drawnBand(
  reference: TfjsReference,
  { prompt, time, samples }: Demonstration,
  lag: number,
): { first: Float32Array; band: DrawnBand } {
  const prompts = new Float32Array(count * prompt.length);
  for (let row = 0; row < count; row++) prompts.set(prompt, row * prompt.length);
  const drawn = reference.closedLoop(prompts, count, time, samples, lag, drawKeys(bandSeed));
  const size = drawn.length / count;
  const low = new Float32Array(size);
  const high = new Float32Array(size);
  const left = (count - within) / 2;
  for (let place = 0; place < size; place++) {
    const values = Float32Array.from({ length: count }, (_, row) => drawn[row * size + place]).sort();
    low[place] = values[left];
    high[place] = values[count - 1 - left];
  }
  return { first: drawn.slice(0, size), band: { count, within, low, high } };
}

/** Share of values inside a band. */
export function shareWithin({ low, high }: DrawnBand, values: Float32Array): number {
  return values.filter((value, place) => value >= low[place] && value <= high[place]).length / values.length;
}
