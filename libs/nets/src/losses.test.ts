import type { Rank } from '@tensorflow/tfjs-core';
import { eye, tensor3d, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import type { LossSpec } from './losses.ts';
import { lossAttributes, lossBlocks } from './losses.ts';
import { readoutLossGradients } from './readoutLoss.ts';

/** The expected values are rounded at 1e-9; ours are float32 up to 2.9, and a loss a sum of up to 12 of them. */
const ATOL = 5e-7;

interface Example {
  spec: LossSpec;
  /** [samples, columns] */
  prediction: number[][];
  /** [samples, outputs] */
  target: number[][];
  loss: number;
  gradient: number[];
}

const points = {
  prediction: [[1.5], [-2], [0.25], [3], [-0.5], [0.75]],
  target: [[1], [1], [0.25], [2.75], [-0.25], [-2]],
};

/** Losses and gradients are PyTorch 2's in double precision: F.mse_loss, F.l1_loss, F.huber_loss, F.gaussian_nll_loss, torch.maximum. */
const examples: Record<string, Example> = {
  mse: {
    ...points,
    spec: { kind: 'mse' },
    loss: 2.822916667,
    gradient: [0.166666667, -1, 0, 0.083333333, -0.083333333, 0.916666667],
  },
  mae: {
    ...points,
    spec: { kind: 'mae' },
    loss: 1.125,
    gradient: [0.166666667, -0.166666667, 0, 0.166666667, -0.166666667, 0.166666667],
  },
  'huber, default delta 1': {
    ...points,
    spec: { kind: 'huber' },
    loss: 0.822916667,
    gradient: [0.083333333, -0.166666667, 0, 0.041666667, -0.041666667, 0.166666667],
  },
  'huber, an error of just delta': {
    ...points,
    spec: { kind: 'huber', delta: 0.5 },
    loss: 0.46875,
    gradient: [0.083333333, -0.083333333, 0, 0.041666667, -0.041666667, 0.083333333],
  },
  'gaussian, two variances below epsilon': {
    spec: { kind: 'gaussian' },
    prediction: [
      [0.5, -1, 0.25, -0.5],
      [2, 0, -15, 1],
      [-0.25, 0.125, -14.5, 3],
    ],
    target: [
      [1, -1.5],
      [2, 1],
      [-0.25, 0],
    ],
    loss: -1.90879027,
    gradient: [
      -0.064900065, 0.137393439, 0.067108317, 0.048984974, 0, -0.06131324, 0.02549186, 0.052676713, 0,
      0.001037231, 0.042028972, 0.083268506,
    ],
  },
  'quantile, three levels of two outputs': {
    spec: { kind: 'quantile', levels: [0.5, 0.125, 0.75] },
    prediction: [
      [0.5, -1, 0.25, -0.5, 0.75, 2],
      [1.5, 1.5, -2, 0.5, 0, 2.5],
    ],
    target: [
      [1, -1.5],
      [-1, 1],
    ],
    loss: 0.403645833,
    gradient: [
      -0.041666667, 0.041666667, -0.010416667, 0.072916667, -0.0625, 0.020833333, 0.041666667, 0.041666667,
      -0.010416667, -0.010416667, 0.020833333, 0.020833333,
    ],
  },
};

function expectClose(given: ArrayLike<number>, expected: readonly number[]): void {
  expect(given).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs(given[index] - value)).toBeLessThan(ATOL);
  });
}

/** Through the op: h is the prediction, and the read-out passes it on. */
function lossAndGradient({ spec, prediction, target }: Example): [loss: number, gradient: Float32Array] {
  const columns = prediction[0].length;
  return tidy(() => {
    const { loss, dHidden } = readoutLossGradients(
      {
        hidden: tensor3d([prediction]),
        kernel: eye(columns),
        bias: zeros<Rank.R1>([columns]),
        target: tensor3d([target]),
      },
      spec,
    );
    return [loss.dataSync()[0], dHidden.dataSync<'float32'>()];
  });
}

await openWasmBackend();

describe('losses', () => {
  it.each(Object.entries(examples))("%s: has PyTorch's value and gradient", (_, example) => {
    const [loss, gradient] = lossAndGradient(example);
    expectClose([loss], [example.loss]);
    expectClose(gradient, example.gradient);
  });

  it('quantile has no gradient where the prediction is the truth', () => {
    const example = { ...examples.mse, spec: { kind: 'quantile', levels: [0.5] } } as const;
    const [, gradient] = lossAndGradient(example);
    expectClose(gradient, [1 / 12, -1 / 12, 0, 1 / 12, -1 / 12, 1 / 12]);
  });

  it.each(Object.entries(examples))('%s: is NaN for a NaN in the prediction', (_, example) => {
    const last = example.prediction[0].map((value, column, row) => (column === row.length - 1 ? NaN : value));
    const damaged = { ...example, prediction: [last, ...example.prediction.slice(1)] };
    expect(lossAndGradient(damaged)[0]).toBeNaN();
  });
});

describe(lossAttributes, () => {
  it('gives the parameters, with defaults for missing ones', () => {
    expect(lossAttributes({ kind: 'mse' }, 'loss')).toEqual({ loss: 'mse', delta: 1, levels: [] });
    expect(lossAttributes({ kind: 'huber', delta: 0.25 }, 'loss')).toEqual({
      loss: 'huber',
      delta: 0.25,
      levels: [],
    });
    expect(lossAttributes({ kind: 'quantile', levels: [0.5, 0.9] }, 'loss')).toEqual({
      loss: 'quantile',
      delta: 1,
      levels: [0.5, 0.9],
    });
  });

  const levels = (given: string): string =>
    `loss: quantile levels: expected distinct numbers above 0 and below 1, 0.5 first, got ${given}; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]`;
  const rejected: [name: string, spec: unknown, message: string][] = [
    [
      'another loss',
      { kind: 'hinge' },
      'loss: expected one of mse, mae, huber, gaussian, quantile, got "hinge"; use one of them',
    ],
    [
      'a delta of 0',
      { kind: 'huber', delta: 0 },
      'loss: huber delta: expected a number above 0, got 0; set it',
    ],
    [
      'a delta that is not a number',
      { kind: 'huber', delta: NaN },
      'loss: huber delta: expected a number above 0, got NaN; set it',
    ],
    ['no levels', { kind: 'quantile' }, levels('nothing')],
    ['an empty list of levels', { kind: 'quantile', levels: [] }, levels('[]')],
    ['levels without the median first', { kind: 'quantile', levels: [0.1, 0.5] }, levels('[0.1,0.5]')],
    ['a level of 1', { kind: 'quantile', levels: [0.5, 1] }, levels('[0.5,1]')],
    ['a level twice', { kind: 'quantile', levels: [0.5, 0.1, 0.1] }, levels('[0.5,0.1,0.1]')],
  ];
  it.each(rejected)('rejects %s', (_, spec, message) => {
    expect(() => lossAttributes(spec as LossSpec, 'loss')).toThrow(new ConfigError(message));
  });
});

describe(lossBlocks, () => {
  it('counts the columns of one output', () => {
    expect(lossBlocks(undefined)).toBe(1);
    expect(lossBlocks({ kind: 'huber' })).toBe(1);
    expect(lossBlocks({ kind: 'gaussian' })).toBe(2);
    expect(lossBlocks({ kind: 'quantile', levels: [0.5, 0.1, 0.9] })).toBe(3);
  });
});
