import type { Sizes, Values } from './drawInputs.ts';

/** What a model is compared on. */
export interface Plan {
  readonly shapes: readonly Sizes[];
  readonly seeds: readonly number[];
  readonly extremes: readonly Values[];
  /** Pieces of a sequence. */
  readonly splits: readonly (readonly number[])[];
}

/** 1 is what a service steps with; 53 is longer than most train on. */
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
 * Values far from those of training: what is compared there is that both saturate, overflow or vanish alike. A state stays in its range
 * whatever came in, a linear read-out grows with its input: the bound is relative to the largest value as everywhere.
 */
const extremes: readonly Values[] = [
  { check: 'all 0', draw: () => 0 },
  { check: '1e4 (saturation)', draw: () => 1e4 },
  { check: '-1e4 (saturation)', draw: () => -1e4 },
  { check: '+-1e4 in turn (saturation)', draw: (_center, _spread, random) => (random() < 0.5 ? -1e4 : 1e4) },
  { check: 'denormals, 1e-40', draw: (_center, _spread, random) => 1e-40 * (2 * random() - 1) },
];

/** Pieces of a sequence of 20: uneven, the first sample alone, the last alone, sample by sample. */
const splits = [[7, 13], [1, 19], [19, 1], Array<number>(20).fill(1)] as const;

/** What `npm run verify` compares. */
export const wholePlan: Plan = { shapes, seeds, extremes, splits };

/** What every export compares before its files are put in place: enough to find a wrong graph, and quick. */
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
