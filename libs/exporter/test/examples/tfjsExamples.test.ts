import { describe, expect, it } from 'vitest';
import { compare, drawWeights } from '../support/tfjsModel.ts';
import { otherExamples } from './otherExamples.ts';
import { recurrentExamples } from './recurrentExamples.ts';

/** Relative to the largest value, at least 1: float32 through other kernels, 240 samples at most; measured 7e-7 at worst. */
const EXAMPLE_TOLERANCE = 1e-5;

describe("models of TensorFlow.js's collection of examples", () => {
  it.each([...recurrentExamples, ...otherExamples])(
    '$name',
    async ({ build, open, words, nodes, recurrent }) => {
      const model = build();
      drawWeights(model, 3);
      const { exported, difference } = await compare(model, open, { whole: words ?? 0 });
      model.dispose();
      expect(difference).toBeLessThan(EXAMPLE_TOLERANCE);
      const ops = exported.model.graph.nodes.map(({ op }) => op);
      expect(ops.filter((op) => ['RNN', 'LSTM', 'GRU'].includes(op))).toHaveLength(recurrent);
      expect(ops).not.toContain('Loop');
      expect(ops.length, ops.join(' ')).toBeLessThanOrEqual(nodes);
    },
  );
});
