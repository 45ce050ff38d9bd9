import { readFileSync } from 'node:fs';
import { tensor3d } from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import { Net } from './net.ts';
import type { PyTorchWeights } from './pytorchWeights.ts';
import { loadPyTorchWeights, toPyTorchWeights } from './pytorchWeights.ts';
import { seededUniform } from './testing/randomNumbers.ts';

interface Reference {
  cell: CellKind;
  hidden: number;
  layers: number;
  num: number;
  initial: PyTorchWeights;
  losses: number[];
  predictions: Record<string, number[]>;
}

/** float32 rounding of one forward pass in another order of sums. */
const ATOL = 1e-6;

await openWasmBackend();

describe("Net beside PyTorch's runs", () => {
  it.each(['rnn', 'lstm', 'gru', 'gru-2-layers'])('%s: predicts the first chunk and has its loss', (name) => {
    const file = new URL(`../../../examples/reference/pytorch-sine-${name}.json`, import.meta.url);
    const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
    const { cell, hidden, layers, num } = reference;
    const net = Net.create({ cell, units: hidden, layers, features: 1, outputs: 1 }, seededUniform(1));
    loadPyTorchWeights(net, reference.initial);
    const points = Array.from({ length: num + 1 }, (_, index) => Math.sin((index * Math.PI) / num));
    const x = tensor3d(points.slice(0, num), [1, num, 1]);
    const y = tensor3d(points.slice(1), [1, num, 1]);

    const { loss, prediction } = net.lossAndGradients(x, y, net.zeroState(1), 'mse');
    expect(Math.abs(loss.dataSync()[0] - reference.losses[0])).toBeLessThan(ATOL);
    prediction.dataSync().forEach((value, index) => {
      expect(Math.abs(value - reference.predictions['0'].flat(3)[index])).toBeLessThan(ATOL);
    });
    expect(toPyTorchWeights(net)).toEqual(reference.initial);
  });
});
