import { describe, expect, it } from 'vitest';
import { ondaNetArtifacts, randomWeights } from '../../test/support/ondaNetArtifacts.ts';
import { readNet } from '../model/readNet.ts';
import { closedLayer, foldReadout } from './foldReadout.ts';

const spec = { cell: 'rnn', units: 2, layers: 1, features: 2, outputs: 2 } as const;
const net = readNet(
  ondaNetArtifacts(spec, {
    ...randomWeights(spec, 1),
    'recurrent_0/kernel': Float32Array.of(1, 2, 3, 4),
    'recurrent_0/recurrent_kernel': Float32Array.of(0, 0, 0, 100),
    'recurrent_0/bias': Float32Array.of(5, 6),
    'readout/kernel': Float32Array.of(1, 0, 2, 10),
    'readout/bias': Float32Array.of(1, -1),
  }),
);
const [layer] = net.layers;

describe(foldReadout, () => {
  it('gives W V and b + W c', () => {
    const { features, kernel, bias } = foldReadout(layer, net.readout).weights;
    // W = [[1, 3], [2, 4]], V = [[1, 2], [0, 10]] (x = V h + c), c = [1, -1]
    expect([features, [...kernel], [...(bias ?? [])]]).toEqual([2, [1, 32, 2, 44], [3, 4]]);
  });
});

describe(closedLayer, () => {
  it('adds them to the recurrent weights and takes an input with zero weight', () => {
    const { features, kernel, recurrentKernel, bias } = closedLayer(layer, net.readout);
    expect([features, [...kernel]]).toEqual([1, [0, 0]]);
    expect([[...recurrentKernel], [...(bias ?? [])]]).toEqual([
      [1, 32, 2, 144],
      [3, 4],
    ]);
  });
});
