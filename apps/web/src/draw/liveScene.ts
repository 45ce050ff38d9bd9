/** The content of the live picture at one moment. Samples are counted from the start of the prompt. */
export interface LiveScene {
  /** One per feature. */
  names: readonly string[];
  prompt: Float32Array;
  /** Row-major [samples, features], at least as far as `shown`. */
  generated: ArrayLike<number>;
  /** Generated samples to draw, with the fraction that the newest stretch has grown. */
  shown: number;
  /** The true value at a sample; NaN if unknown. */
  truth: (sample: number, feature: number) => number;
  /** Range of visible samples. */
  window: readonly [number, number];
  /** Range of visible values, of the picture or of each of its lanes. */
  range: readonly [number, number];
}
