import { cut } from './series.ts';
import type { Series } from './series.ts';

/** The data of one training step: y is x, `lag` samples later. Both row-major [time, features]. */
export interface Chunk {
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
