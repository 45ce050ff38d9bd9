import { floatTensor, type FloatTensor } from '@onda/runtime';
import { createRandom } from '@onda/series';
import type { Floats, Range, Subject } from './subject.ts';

/** Sizes of the dims that a file leaves open. */
export interface Sizes {
  readonly batch: number;
  readonly time: number;
}

/** One kind of values for all inputs; words stay words. */
export interface Values {
  /** What a row is called by. */
  readonly check: string;
  /** A number of an input; `random` is uniform in [0, 1). */
  readonly draw: (center: number, spread: number, random: () => number) => number;
  /** Share of samples (along the time) that are 0 in all features: what a model may mask. */
  readonly zeroSamples?: number;
}

/** Places along axes that are neither batch nor time, such as a picture's rows of any number. */
const otherOpenDim = 8;

/** Inputs of a model for one run, from a seed. */
export function drawInputs(
  { inputs }: Subject,
  values: Values,
  { batch, time }: Sizes,
  seed: number,
): Floats {
  const source = createRandom(seed);
  const random = (): number => source.uniform(0, 1);
  return Object.fromEntries(
    inputs.map(({ name, shape, range }) => {
      const dims = shape.map((dim) =>
        typeof dim === 'number' ? dim : dim === 'batch' ? batch : isTime(dim) ? time : otherOpenDim,
      );
      return [name, drawOne(dims, range, values, random)];
    }),
  );
}

/** `time`, or `words/time` where a model has inputs of different lengths. */
export const isTime = (dim: string | number): boolean => typeof dim === 'string' && /(^|\/)time$/.test(dim);

function drawOne(
  dims: number[],
  range: Range,
  { draw, zeroSamples = 0 }: Values,
  random: () => number,
): FloatTensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if ('below' in range)
    return floatTensor(
      dims,
      Float32Array.from({ length: size }, () => Math.floor(random() * range.below)),
    );
  const { center, spread } = range;
  const data = Float32Array.from({ length: size }, (_, i) =>
    draw(center[i % center.length] ?? 0, spread[i % spread.length] ?? 1, random),
  );
  const sample = dims.slice(2).reduce((product, dim) => product * dim, 1);
  if (zeroSamples > 0) {
    for (let start = 0; start < size; start += sample)
      if (random() < zeroSamples) data.fill(0, start, start + sample);
  }
  return floatTensor(dims, data);
}
