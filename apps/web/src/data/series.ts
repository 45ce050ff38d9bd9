/** Values over time: the source of prompts and the ground truth of generations. */
export interface Series {
  /** The title: `sin(t)`, `SUNACTIVITY`. */
  readonly title: string;
  readonly features: number;
  /** One per feature, for legends and table heads. */
  readonly names: readonly string[];
  /** Number of samples; Infinity for a formula. */
  readonly length: number;
  /** Samples in a training chunk. */
  readonly chunk: number;
  /** The sample at which the first prompt ends; the hold-out starts here, if there is one. */
  readonly promptEnd: number;
  /** Whether what follows the prompt is the truth that the net was trained towards. */
  readonly truth: boolean;
  /** The value at a sample; a formula has values between samples too. NaN outside. */
  at(sample: number, feature: number): number;
}

/**
 * The sine of the first job: a half turn every `chunk` samples, so chunk k is `linspace(k pi, (k + 1) pi, chunk + 1)`.
 */
export function sineSeries(chunk: number): Series {
  return {
    title: 'sin(t)',
    features: 1,
    names: ['value'],
    length: Infinity,
    chunk,
    promptEnd: chunk,
    truth: true,
    at: (sample) => Math.sin((sample * Math.PI) / chunk),
  };
}

/**
 * A series of measured or pasted rows.
 *
 * @param names   one a feature
 * @param values  row-major [time, features]
 * @param holdout the last rows, kept from training; the first prompt ends before them
 */
export function rowSeries(
  title: string,
  names: readonly string[],
  values: Float32Array,
  { chunk, holdout }: { chunk: number; holdout: number },
): Series {
  const features = names.length;
  const length = values.length / features;
  return {
    title,
    features,
    names,
    length,
    chunk,
    promptEnd: length - holdout,
    truth: true,
    at: (sample, feature) =>
      sample >= 0 && sample < length && feature < features ? values[sample * features + feature] : NaN,
  };
}

/**
 * A synthetic wave in the range of the data that a model was trained on, for models whose data the page does not have. It only
 * starts the net: it has no ground truth.
 *
 * @param center, scale of the model's scaler, one a feature (or one for all)
 */
export function madeUpSeries(
  features: number,
  center: readonly number[],
  scale: readonly number[],
  chunk: number,
): Series {
  return {
    title: 'a synthetic wave',
    features,
    names: Array.from({ length: features }, (_, feature) =>
      features === 1 ? 'value' : `value ${feature + 1}`,
    ),
    length: Infinity,
    chunk,
    promptEnd: chunk,
    truth: false,
    at: (sample, feature) => {
      const middle = center.at(feature) ?? center.at(0) ?? 0;
      const size = scale.at(feature) ?? scale.at(0) ?? 1;
      return middle + size * Math.sin((sample * Math.PI) / 20 + (feature * Math.PI) / features);
    },
  };
}

/**
 * Cuts samples out of a series, as float32.
 *
 * @returns row-major, shape [time, features]
 */
export function cut(series: Series, start: number, time: number): Float32Array {
  const values = new Float32Array(time * series.features);
  for (let sample = 0; sample < time; sample++) {
    for (let feature = 0; feature < series.features; feature++) {
      values[sample * series.features + feature] = series.at(start + sample, feature);
    }
  }
  return values;
}

/** The data of one training step: y is x, `lag` samples later. Both row-major [time, features]. */
interface Chunk {
  /** First sample of x in the series. */
  start: number;
  time: number;
  x: Float32Array;
  y: Float32Array;
}

/** How many whole chunks a series has; a formula is cut off at 1000. */
export function chunkCount(series: Series, lag: number): number {
  if (series.length === Infinity) return 1000;
  return Math.max(0, Math.floor((series.length - lag) / series.chunk));
}

/** Chunk `index` of a series; the last sample of its y is the first of the next chunk's (with lag 1). */
export function chunkOf(series: Series, index: number, lag: number): Chunk {
  const time = series.chunk;
  const start = index * time;
  return { start, time, x: cut(series, start, time), y: cut(series, start + lag, time) };
}
