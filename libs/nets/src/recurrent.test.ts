import type { Rank, Tensor } from '@tensorflow/tfjs-core';
import { memory, tidy, zeros } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
import { caseTensors, gradientTensors, recurrentCase } from './testing/recurrentCase.ts';

const lstm = recurrentAttributes({ cell: 'lstm', training: true });
const lstmCase = recurrentCase({ batch: 2, time: 3, features: 1, units: 4 }, lstm);
const gru = recurrentAttributes({ cell: 'gru', training: true });
const gruCase = recurrentCase({ batch: 2, time: 3, features: 1, units: 4 }, gru);

await openWasmBackend();

describe(recurrent, () => {
  const rejected: [name: string, change: Record<string, Tensor | undefined>, message: string][] = [
    [
      'x of another rank',
      { x: zeros([3, 1]) },
      'lstm input "x": expected shape [batch, time, features] with every dim at least 1, got [3, 1]; pass 3 non-empty dims',
    ],
    [
      'x without samples',
      { x: zeros([2, 0, 1]) },
      'lstm input "x": expected shape [batch, time, features] with every dim at least 1, got [2, 0, 1]; pass 3 non-empty dims',
    ],
    [
      'whole numbers in x',
      { x: zeros([2, 3, 1], 'int32') },
      'lstm input "x": expected float32, got int32; cast it',
    ],
    [
      'a recurrent kernel of too few gates',
      { recurrentKernel: zeros([4, 12]) },
      'lstm input "recurrentKernel": expected shape [units, 4 * units] = [4, 16], got [4, 12]; it must match x and recurrentKernel',
    ],
    [
      'a kernel for other features',
      { kernel: zeros([2, 16]) },
      'lstm input "kernel": expected shape [features, 4 * units] = [1, 16], got [2, 16]; it must match x and recurrentKernel',
    ],
    [
      'a bias as a matrix',
      { bias: zeros([1, 16]) },
      'lstm input "bias": expected shape [4 * units] = [16], got [1, 16]; it must match x and recurrentKernel',
    ],
    [
      'whole numbers in the recurrent bias',
      { recurrentBias: zeros([16], 'int32') },
      'lstm input "recurrentBias": expected float32, got int32; cast it',
    ],
    [
      'a state of another batch',
      { h0: zeros([1, 4]) },
      'lstm input "h0": expected shape [batch, units] = [2, 4], got [1, 4]; it must match x and recurrentKernel',
    ],
    [
      'an lstm without c0',
      { c0: undefined },
      'lstm input "c0": expected shape [batch, units] = [2, 4], got nothing; pass it',
    ],
  ];
  it.each(rejected)('rejects %s', (_, change, message) => {
    const inputs = { ...caseTensors(lstmCase), ...change };
    expect(() => recurrent(inputs, lstm)).toThrow(new ShapeError(message));
  });

  it('rejects c0 for a cell that has none', () => {
    const inputs = { ...caseTensors(gruCase), c0: zeros<Rank.R2>([2, 4]) };
    expect(() => recurrent(inputs, gru)).toThrow(
      new ShapeError('gru input "c0": expected only for the lstm cell; leave it out'),
    );
  });

  it('leaks no tensor but its outputs', () => {
    const inputs = caseTensors(lstmCase);
    const before = memory().numTensors;
    const { y, h, c, reserve } = recurrent(inputs, lstm);
    expect(memory().numTensors).toBe(before + 4);
    [y, h, c, reserve].forEach((tensor) => tensor?.dispose());
    expect(memory().numTensors).toBe(before);
  });
});

describe(recurrentGrad, () => {
  it('rejects a reserve that a forward call without training left', () => {
    tidy(() => {
      const tensors = caseTensors(gruCase);
      const { y, reserve } = recurrent(tensors, { ...gru, training: false });
      expect(() => recurrentGrad({ ...tensors, ...gradientTensors(gruCase), y, reserve }, gru)).toThrow(
        new ShapeError(
          'gru input "reserve": expected shape [batch, time, 4 * units] = [2, 3, 16], got [0]; it must match x and recurrentKernel',
        ),
      );
    });
  });

  it('rejects a gradient of another shape, and an lstm without dc', () => {
    tidy(() => {
      const tensors = caseTensors(lstmCase);
      const { y, reserve } = recurrent(tensors, lstm);
      const { dy, dh, dc } = gradientTensors(lstmCase);
      expect(() => recurrentGrad({ ...tensors, y, reserve, dy, dh: zeros([4, 2]), dc }, lstm)).toThrow(
        new ShapeError(
          'lstm input "dh": expected shape [batch, units] = [2, 4], got [4, 2]; it must match x and recurrentKernel',
        ),
      );
      expect(() => recurrentGrad({ ...tensors, y, reserve, dy, dh }, lstm)).toThrow(
        new ShapeError('lstm input "dc": expected shape [batch, units] = [2, 4], got nothing; pass it'),
      );
    });
  });
});
