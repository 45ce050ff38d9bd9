import type { Tensor } from '@tensorflow/tfjs-core';
import { memory, zeros } from '@tensorflow/tfjs-core';
import { ConfigError, ShapeError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import type { ReadoutLossInputs } from './readoutLoss.ts';
import { readoutLoss, readoutLossGradients } from './readoutLoss.ts';

await openWasmBackend();

/** Fits a gaussian read-out of 2 outputs. */
const inputs = (change: Record<string, Tensor> = {}): ReadoutLossInputs => ({
  hidden: zeros([2, 3, 4]),
  kernel: zeros([4, 4]),
  bias: zeros([4]),
  target: zeros([2, 3, 2]),
  ...change,
});

describe(readoutLossGradients, () => {
  it('leaks no tensor but its outputs', () => {
    const given = inputs();
    const before = memory().numTensors;
    const outputs = Object.values(readoutLossGradients(given, { kind: 'gaussian' }));
    expect(outputs).toHaveLength(5);
    expect(memory().numTensors).toBe(before + 5);
    outputs.forEach((output) => {
      output.dispose();
    });
    expect(memory().numTensors).toBe(before);
  });
});

describe(readoutLoss, () => {
  it('gives only the loss and the prediction', () => {
    const given = inputs();
    const before = memory().numTensors;
    const { loss, prediction } = readoutLoss(given, { kind: 'gaussian' });
    expect(loss.dataSync()[0]).toBe(0);
    expect(prediction.shape).toEqual([2, 3, 4]);
    expect(memory().numTensors).toBe(before + 2);
  });

  const rejected: [name: string, change: Record<string, Tensor>, message: string][] = [
    [
      'h of the last sample alone',
      { hidden: zeros([2, 4]) },
      'read-out loss input "hidden": expected shape [batch, time, units] with every dim at least 1, got [2, 4]; pass 3 non-empty dims',
    ],
    [
      'a target without outputs',
      { target: zeros([2, 3, 0]) },
      'read-out loss input "target": expected shape [batch, time, outputs] with every dim at least 1, got [2, 3, 0]; pass 3 non-empty dims',
    ],
    [
      'a target of whole numbers',
      { target: zeros([2, 3, 2], 'int32') },
      'read-out loss input "target": expected float32, got int32; cast it',
    ],
    [
      'a target of another length',
      { target: zeros([2, 4, 2]) },
      'read-out loss input "target": expected shape [batch, time, outputs] = [2, 3, 2], got [2, 4, 2]; it must match hidden',
    ],
    [
      'a kernel for the means alone',
      { kernel: zeros([4, 2]) },
      'read-out loss input "kernel": expected shape [units, 2 * outputs] = [4, 4], got [4, 2]; it must match hidden and target',
    ],
    [
      'a bias of another length',
      { bias: zeros([3]) },
      'read-out loss input "bias": expected shape [2 * outputs] = [4], got [3]; it must match hidden and target',
    ],
  ];
  it.each(rejected)('rejects %s', (_, change, message) => {
    expect(() => readoutLoss(inputs(change), { kind: 'gaussian' })).toThrow(new ShapeError(message));
  });

  it('rejects an unknown loss', () => {
    expect(() => readoutLoss(inputs(), { kind: 'quantile', levels: [0.2] })).toThrow(
      new ConfigError(
        "read-out loss: quantile levels: expected distinct numbers above 0 and below 1, 0.5 first, got [0.2]; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]",
      ),
    );
  });
});
