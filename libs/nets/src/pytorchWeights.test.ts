import { memory } from '@tensorflow/tfjs-core';
import { ModelError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import { Net } from './net.ts';
import type { PyTorchWeights } from './pytorchWeights.ts';
import { loadPyTorchWeights, toPyTorchWeights } from './pytorchWeights.ts';
import { seededUniform } from './testing/randomNumbers.ts';

const spec = { cell: 'lstm', units: 2, layers: 2, features: 3, outputs: 1 } as const;

await openWasmBackend();

describe(toPyTorchWeights, () => {
  it("has PyTorch's names and shapes", () => {
    const weights = toPyTorchWeights(Net.create(spec, seededUniform(1)));
    const shape = (value: number[] | number[][]): number[] =>
      Array.isArray(value[0]) ? [value.length, value[0].length] : [value.length];
    expect(Object.entries(weights).map(([name, value]) => [name, shape(value)])).toEqual([
      ['rnn.weight_ih_l0', [8, 3]],
      ['rnn.weight_hh_l0', [8, 2]],
      ['rnn.bias_ih_l0', [8]],
      ['rnn.bias_hh_l0', [8]],
      ['rnn.weight_ih_l1', [8, 2]],
      ['rnn.weight_hh_l1', [8, 2]],
      ['rnn.bias_ih_l1', [8]],
      ['rnn.bias_hh_l1', [8]],
      ['linear.weight', [1, 2]],
      ['linear.bias', [1]],
    ]);
  });
});

describe(loadPyTorchWeights, () => {
  it('takes what toPyTorchWeights gives, bit for bit, and leaks no tensor', () => {
    const source = Net.create(spec, seededUniform(1));
    const target = Net.create(spec, seededUniform(2));
    const before = memory().numTensors;
    loadPyTorchWeights(target, toPyTorchWeights(source));
    expect(memory().numTensors).toBe(before);
    expect(target.variables.map((weight) => weight.dataSync())).toEqual(
      source.variables.map((weight) => weight.dataSync()),
    );
  });

  const names =
    'rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, rnn.weight_ih_l1, rnn.weight_hh_l1, rnn.bias_ih_l1, rnn.bias_hh_l1, linear.weight, linear.bias';
  const rejected: [name: string, change: PyTorchWeights, message: string][] = [
    [
      'a name that the net does not have',
      { 'gru.weight': [1] },
      `weight "gru.weight": the net has no such weight; it has ${names}`,
    ],
    [
      'a vector that is too short',
      { 'rnn.bias_hh_l1': [1, 2] },
      'weight "rnn.bias_hh_l1": expected finite numbers in shape [8], got [2]; check the net\'s cell, units and layers',
    ],
    [
      'a matrix the other way round',
      { 'linear.weight': [[1], [2]] },
      'weight "linear.weight": expected finite numbers in shape [1, 2], got [2, 1]; check the net\'s cell, units and layers',
    ],
    [
      'rows of different lengths',
      { 'rnn.weight_hh_l0': [[1, 2], [1], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2]] },
      'weight "rnn.weight_hh_l0": expected finite numbers in shape [8, 2], got 8 rows of different lengths; check the net\'s cell, units and layers',
    ],
    [
      'a value that is not finite',
      { 'linear.bias': [NaN] },
      'weight "linear.bias": expected finite numbers in shape [1], got [1]; check the net\'s cell, units and layers',
    ],
  ];
  it.each(rejected)('rejects %s, and changes nothing', (_, change, message) => {
    const net = Net.create(spec, seededUniform(1));
    const before = toPyTorchWeights(net);
    const other = toPyTorchWeights(Net.create(spec, seededUniform(2)));
    expect(() => {
      loadPyTorchWeights(net, { ...other, ...change });
    }).toThrow(new ModelError(message));
    expect(toPyTorchWeights(net)).toEqual(before);
  });

  it('rejects a set with a weight missing', () => {
    const net = Net.create(spec, seededUniform(1));
    const rest = Object.fromEntries(
      Object.entries(toPyTorchWeights(net)).filter(([name]) => name !== 'rnn.weight_ih_l1'),
    );
    expect(() => {
      loadPyTorchWeights(net, rest);
    }).toThrow(new ModelError('weight "rnn.weight_ih_l1": missing; the net needs it in shape [8, 2]'));
  });
});
