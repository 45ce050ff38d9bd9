import type { FloatTensor } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import { createRandom } from '@onda/series';
import type { Floats, Range, Subject } from './subject.ts';
import { isTime } from './subject.ts';

/** Sizes and values of a comparison. */
export interface Plan {
  readonly shapes: readonly Sizes[];
  readonly seeds: readonly number[];
  readonly extremes: readonly Values[];
  /** Lengths of the pieces of a sequence. */
  readonly splits: readonly (readonly number[])[];
}

/** A service steps with 1; 53 is longer than most training sequences. */
const shapes = [
  { batch: 1, time: 1 },
  { batch: 3, time: 2 },
  { batch: 3, time: 7 },
  { batch: 16, time: 20 },
  { batch: 2, time: 53 },
] as const satisfies Plan['shapes'];

const seeds = [1, 2, 3] as const;

export const usual: Values = {
  check: 'values',
  draw: (center, spread, random) => center + spread * (2 * random() - 1),
};
export const masked: Values = { ...usual, check: 'values, a third of the samples 0', zeroSamples: 1 / 3 };

/**
 * Values far outside the training range, where both sides must saturate, overflow or vanish alike. A linear read-out grows with its
 * input, so the bound is relative to the largest value, as everywhere.
 */
const extremes: readonly Values[] = [
  { check: 'all 0', draw: () => 0 },
  { check: '1e4 (saturation)', draw: () => 1e4 },
  { check: '-1e4 (saturation)', draw: () => -1e4 },
  {
    check: '+-1e4 at random (saturation)',
    draw: (_center, _spread, random) => (random() < 0.5 ? -1e4 : 1e4),
  },
  { check: 'denormals, 1e-40', draw: (_center, _spread, random) => 1e-40 * (2 * random() - 1) },
];

/** Pieces of a sequence of 20: uneven, the first sample alone, the last alone, sample by sample. */
const splits = [[7, 13], [1, 19], [19, 1], Array<number>(20).fill(1)] as const;

/** The plan of `npm run verify`. */
export const wholePlan: Plan = { shapes, seeds, extremes, splits };

/** The plan of every export: quick, but enough to find a wrong graph. */
export const exportPlan: Plan = {
  shapes: [
    { batch: 1, time: 1 },
    { batch: 3, time: 7 },
    { batch: 2, time: 20 },
  ],
  seeds: [1],
  extremes: [],
  splits: [[7, 13]],
};

/** Sizes of the dynamic dims of a file. */
export interface Sizes {
  readonly batch: number;
  readonly time: number;
}

/** A distribution of values for all inputs except token ids. */
export interface Values {
  /** Name of the row. */
  readonly check: string;
  /** Draws a number; `random` is uniform in [0, 1). */
  readonly draw: (center: number, spread: number, random: () => number) => number;
  /** Share of samples (along time) that are 0 in all features, which a model may mask. */
  readonly zeroSamples?: number;
}

/** Size of dynamic dims other than batch and time, such as the height of an image. */
const otherOpenDim = 8;

/** Draws the inputs of a model for one run from a seed. */
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
