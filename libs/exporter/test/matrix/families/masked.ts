import fc from 'fast-check';
import type { CallPlan, Draw, Family, LayerPlan } from '../modelPlan.ts';
import { cellConfig, cells, features, seed, statesOf } from './recurrent.ts';

/** What makes the mask, and the values that it is made of. */
interface Masker {
  readonly layer: LayerPlan;
  readonly shape: readonly (number | null)[];
  readonly draw: Draw;
}

const masker: fc.Arbitrary<Masker> = fc.oneof(
  fc.record({ size: features, value: fc.constantFrom(0, -0.5) }).map(({ size, value }): Masker => ({
    layer: { kind: 'masking', config: { maskValue: value } },
    shape: [null, size],
    draw: { masked: value },
  })),
  features.map((size): Masker => ({
    layer: { kind: 'embedding', config: { inputDim: 3, outputDim: size, maskZero: true } },
    shape: [null],
    draw: { below: 3 },
  })),
);

/** Recurrent layers behind a mask, of samples anywhere in the sequence: one layer, or another behind it, or both directions. */
export const maskedFamilies: readonly Family[] = [
  {
    name: 'masked',
    share: 10,
    leastTime: 1,
    subgraphs: false,
    plan: fc
      .constantFrom(...cells)
      .chain((cell) =>
        fc.record({
          cell: fc.constant(cell),
          masker,
          config: cellConfig(cell),
          returnSequences: fc.boolean(),
          returnState: fc.boolean(),
          goBackwards: fc.boolean(),
          after: fc.constantFrom('nothing', ...cells),
          stateful: fc.boolean(),
          seed,
        }),
      )
      .map(({ cell, masker: given, config, after, stateful, seed: own, ...options }) => {
        const layer = { kind: cell, config: { ...config, ...options } };
        const results = options.returnState ? 1 + statesOf(cell) : 1;
        const calls: CallPlan[] = [
          { layer: given.layer, from: [0], results: 1 },
          { layer, from: [1], results },
        ];
        // The mask passes to the next layer, but not from a layer that runs backwards: it would be reversed.
        const further = after !== 'nothing' && options.returnSequences && !options.goBackwards;
        if (further) calls.push({ layer: { kind: after, config: { units: 2 } }, from: [2], results: 1 });
        return {
          inputs: [{ shape: given.shape, draw: given.draw }],
          calls,
          stateful: stateful && !options.goBackwards,
          seed: own,
        };
      }),
  },
  {
    name: 'masked bidirectional',
    share: 5,
    leastTime: 1,
    subgraphs: false,
    plan: fc
      .constantFrom(...cells)
      .chain((cell) =>
        fc.record({
          cell: fc.constant(cell),
          masker,
          config: cellConfig(cell),
          returnSequences: fc.boolean(),
          mergeMode: fc.constantFrom('concat', 'sum', 'ave', 'mul'),
          seed,
        }),
      )
      .map(({ cell, masker: given, config, returnSequences, mergeMode, seed: own }) => {
        const inner = { kind: cell, config: { ...config, returnSequences, name: 'inner' } };
        return {
          inputs: [{ shape: given.shape, draw: given.draw }],
          calls: [
            { layer: given.layer, from: [0], results: 1 },
            { layer: { kind: 'bidirectional', config: { layer: inner, mergeMode } }, from: [1], results: 1 },
          ],
          stateful: false,
          seed: own,
        };
      }),
  },
];
