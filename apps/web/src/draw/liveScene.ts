/** What the live picture shows at one moment. Samples count from the prompt's first. */
export interface LiveScene {
  /** One a feature. */
  names: readonly string[];
  prompt: Float32Array;
  /** Row-major [samples, features], at least as far as `shown`. */
  generated: ArrayLike<number>;
  /** Generated samples to draw, with the fraction that the newest stretch has grown. */
  shown: number;
  /** The true value at a sample, NaN where there is none. */
  truth: (sample: number, feature: number) => number;
  /** Samples that lie in the picture. */
  window: readonly [number, number];
  /** Values that lie in the picture, or in each lane of it. */
  range: readonly [number, number];
}
