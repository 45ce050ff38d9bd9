import type { Sizes, Values } from './drawInputs.ts';

/** 1 is what a service steps with; 53 is longer than most train on. */
export const shapes = [
  { batch: 1, time: 1 },
  { batch: 3, time: 2 },
  { batch: 3, time: 7 },
  { batch: 16, time: 20 },
  { batch: 2, time: 53 },
] as const satisfies readonly Sizes[];

export const seeds = [1, 2, 3] as const;

export const usual: Values = {
  check: 'values',
  draw: (center, spread, random) => center + spread * (2 * random() - 1),
};
export const masked: Values = { ...usual, check: 'values, a third of the samples 0', zeroSamples: 1 / 3 };

/**
 * Values far from those of training: what is compared there is that both saturate, overflow or vanish alike. A state stays in its range
 * whatever came in, a linear read-out grows with its input: the bound is relative to the largest value as everywhere.
 */
export const extremes: readonly Values[] = [
  { check: 'all 0', draw: () => 0 },
  { check: '1e4 (saturation)', draw: () => 1e4 },
  { check: '-1e4 (saturation)', draw: () => -1e4 },
  { check: '+-1e4 in turn (saturation)', draw: (_center, _spread, random) => (random() < 0.5 ? -1e4 : 1e4) },
  { check: 'denormals, 1e-40', draw: (_center, _spread, random) => 1e-40 * (2 * random() - 1) },
];

/** Pieces of a sequence of 20: uneven, the first sample alone, the last alone, sample by sample. */
export const splits = [[7, 13], [1, 19], [19, 1], Array<number>(20).fill(1)] as const;
