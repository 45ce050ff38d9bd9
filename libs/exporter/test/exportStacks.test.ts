import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import { compare, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order through up to six layers, relative to the largest value; measured up to 3e-6. */
const ATOL = 2e-5;

type Layer = layers.Layer;
type Draw = (below: number) => number;

/** Layers from [batch, time, features] to the same, drawn with their options. */
const makers: ((draw: Draw) => Layer)[] = [
  (draw) =>
    layers.simpleRNN({
      units: 1 + draw(6),
      returnSequences: true,
      goBackwards: draw(3) === 0,
      useBias: draw(2) === 0,
    }),
  (draw) =>
    layers.lstm({
      units: 1 + draw(6),
      returnSequences: true,
      goBackwards: draw(3) === 0,
      recurrentActivation: draw(2) === 0 ? 'sigmoid' : 'hardSigmoid',
    }),
  (draw) =>
    layers.gru({
      units: 1 + draw(6),
      returnSequences: true,
      goBackwards: draw(3) === 0,
      activation: draw(2) === 0 ? 'tanh' : 'softsign',
    }),
  (draw) =>
    layers.bidirectional({
      layer:
        draw(2) === 0
          ? layers.gru({ units: 3, returnSequences: true })
          : layers.lstm({ units: 2, returnSequences: true }),
      mergeMode: (['concat', 'sum', 'ave', 'mul'] as const)[draw(4)],
    }),
  (draw) =>
    layers.dense({
      units: 1 + draw(6),
      activation: (['linear', 'relu', 'tanh', 'softmax'] as const)[draw(4)],
    }),
  (draw) => layers.timeDistributed({ layer: layers.dense({ units: 1 + draw(6) }) }),
  (draw) => layers.conv1d({ filters: 1 + draw(4), kernelSize: 1 + draw(3), padding: 'same' }),
  () => layers.layerNormalization(),
  () => layers.batchNormalization(),
  () => layers.dropout({ rate: 0.3 }),
  () => layers.leakyReLU(),
  () => layers.prelu({ sharedAxes: [1] }),
];

describe('exportModel of stacks of layers drawn from seeds', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('gives the values of stack %i', async (seed) => {
    const random = mulberry32(seed);
    const draw: Draw = (below) => Math.floor(random() * below);
    const features = 1 + draw(4);
    const first = layers.activation({ activation: 'linear', inputShape: [null, features] });
    const stack = Array.from({ length: 2 + draw(5) }, () => makers[draw(makers.length)](draw));
    const last = draw(2) === 0 ? [layers.lstm({ units: 3 })] : [];
    const net = sequential({ layers: [first, ...stack, ...last] });
    randomizeWeights(net, seed);
    const opset = [14, 17, 18, 21][draw(4)];
    for (const open of [
      [1, 1],
      [3, 2],
      [1, 7],
      [3, 7],
    ]) {
      const { difference } = await compare(net, open, { seed, options: { opset } });
      expect(difference).toBeLessThan(ATOL);
    }
  });
});
