import { drawKeys } from '@onda/contract';
import type { TfjsReference } from '../export/tfjsReference.ts';
import type { Demonstration } from './demonstration.ts';

/** Continuations that are drawn, and how many of them lie within the band at each sample, an equal share left out on both sides. */
const count = 100;
const within = 90;

/** What the continuations are drawn from; the first of them is what `generate --seed 1` draws. */
export const bandSeed = 1n;

/** Where the values lie that a net draws after a prompt; arrays are [samples, features]. */
export interface DrawnBand {
  readonly count: number;
  readonly within: number;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Draws many continuations of a demonstration; the first of them, and the band that most of them lie in. */
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

/** Which share of values lies within a band. */
export function shareWithin({ low, high }: DrawnBand, values: Float32Array): number {
  return values.filter((value, place) => value >= low[place] && value <= high[place]).length / values.length;
}
