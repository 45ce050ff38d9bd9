import type { FitConfig } from '@onda/contract';
import { sineChunk, unscaleValues, type DataSource } from '@onda/series';

/** A prompt to generate from, in the data's own units, and what truly came after it where that is known. */
export interface Demonstration {
  /** [1, time, features], row-major. */
  prompt: Float32Array;
  time: number;
  samples: number;
  /** [1, samples, features]; null when nobody knows. */
  truth: Float32Array | null;
}

/** Samples of sine generated after the first chunk: ten half waves. */
const sineSamples = 200;

/** Frames of a clip shown to the net before it goes on by itself. */
const promptFrames = 10;

/** Samples generated where no truth tells how many. */
const unknownSamples = 100;

/**
 * What a fitted net is shown to generate: the sine after its first chunk, the years held back of a series, the rest of a clip.
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
  const kept = source.evaluation();
  if (!kept) {
    const { x, time } = source.chunk(0);
    const prompt = unscaleValues(x.slice(0, time * source.features), source.scaler);
    return { prompt, time, samples: unknownSamples, truth: null };
  }
  const { features, time } = kept;
  // The kept sequence whole: its inputs, then the last `lag` targets, which no input holds.
  const whole = Float32Array.from([
    ...kept.x.subarray(0, time * features),
    ...kept.y.subarray((time - lag) * features, time * features),
  ]);
  const wanted = data.kind === 'csv' ? kept.from + lag : promptFrames;
  const prompted = Math.max(lag, Math.min(wanted, time + lag - 1));
  return {
    prompt: whole.slice(0, prompted * features),
    time: prompted,
    samples: time + lag - prompted,
    truth: whole.slice(prompted * features),
  };
}
