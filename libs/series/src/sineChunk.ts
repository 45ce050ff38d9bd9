import { linspace } from './linspace.ts';

/** Inputs and targets cut from one stretch of a signal: y is x `lag` samples later. */
export interface XY {
  x: Float32Array;
  y: Float32Array;
}

/**
 * Chunk k of the first job: sin over [k pi, (k + 1) pi] at `samples + 1` evenly spaced points, of which x has the first and y the
 * last `samples`. A greater lag takes as many points more at the same spacing.
 *
 * Points and sines are float64, rounded to float32 at the end, as NumPy computes them.
 *
 * @param k       0, 1, 2, ...
 * @param samples length of x and of y, at least 1
 * @param lag     how many samples y is ahead of x, at least 1
 */
export function sineChunk(k: number, samples: number, lag = 1): XY {
  const start = k * Math.PI;
  const stop = (k + 1) * Math.PI + ((lag - 1) * Math.PI) / samples;
  const points = linspace(start, stop, samples + lag);
  const values = new Float32Array(points.length);
  for (let index = 0; index < points.length; index++) values[index] = Math.sin(points[index]);
  return { x: values.slice(0, samples), y: values.slice(lag) };
}
