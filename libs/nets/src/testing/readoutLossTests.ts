import type { Rank, Tensor } from '@tensorflow/tfjs-core';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { LossSpec } from '../losses/lossSpec.ts';
import { lossAttributes } from '../losses/lossSpec.ts';
import type { ReadoutLossInputs } from '../readoutLoss.ts';
import { readoutLoss, readoutLossGradients } from '../readoutLoss.ts';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear } from './conformanceTest.ts';
import { dot } from './finiteDifferences.ts';
import { randomNumbers } from './randomNumbers.ts';
import type { ReadoutReferenceInputs, ReadoutSizes } from './referenceReadoutLoss.ts';
import { blockCount, referenceReadoutLoss } from './referenceReadoutLoss.ts';

const specs: LossSpec[] = [
  { kind: 'mse' },
  { kind: 'mae' },
  { kind: 'huber', delta: 0.5 },
  { kind: 'gaussian' },
  { kind: 'quantile', levels: [0.5] },
  { kind: 'quantile', levels: [0.5, 0.1, 0.9, 0.75] },
];

/** One of everything, odd sizes, one sequence and several, and one with work for several threads. */
const readoutSizes: readonly ReadoutSizes[] = [
  { batch: 1, time: 1, units: 1, outputs: 1 },
  { batch: 1, time: 20, units: 33, outputs: 1 },
  { batch: 5, time: 2, units: 7, outputs: 3 },
  { batch: 2, time: 1, units: 8, outputs: 5 },
  { batch: 6, time: 50, units: 129, outputs: 2 },
];

/** Central differences in double precision: error about STEP^2, and 1e-16 / STEP from rounding. */
const STEP = 1e-5;
/** float32 gradients beside slopes in double precision, as in gradientTests.ts. */
const SLOPE_RELATIVE = 3e-6;

const inputNames = ['hidden', 'kernel', 'bias'] as const;

/** The read-out and loss op of every loss. */
export const readoutLossTests: readonly ConformanceTest[] = specs.flatMap((spec): ConformanceTest[] => {
  const name = `read-out and ${spec.kind}${spec.kind === 'quantile' ? ` of ${spec.levels.length}` : ''}`;
  return [
    [
      `${name}: gives the values of the textbook loops in double precision`,
      () => {
        for (const sizes of readoutSizes) checkValues(sizes, spec);
      },
    ],
    [
      `${name}: gives the gradients of finite differences in double precision`,
      () => {
        for (const sizes of readoutSizes) checkGradients(sizes, spec);
      },
    ],
    [
      `${name}: gives the same bits when it runs again`,
      () => {
        const tensors = readoutTensors(readoutCase(readoutSizes[4], spec), readoutSizes[4]);
        const run = (): number[][] =>
          tidy(() =>
            Object.values(readoutLossGradients(tensors, spec)).map((output) => Array.from(output.dataSync())),
          );
        expect(run()).toEqual(run());
        Object.values(tensors).forEach((input: Tensor) => {
          input.dispose();
        });
      },
    ],
  ];
});

function checkValues(sizes: ReadoutSizes, spec: LossSpec): void {
  tidy(() => {
    const attributes = { ...lossAttributes(spec, 'test'), gradients: true };
    const given = readoutCase(sizes, spec);
    const tensors = readoutTensors(given, sizes);
    const expected = referenceReadoutLoss(given, sizes, attributes);
    for (const run of [readoutLoss, readoutLossGradients]) {
      const { loss, prediction } = run(tensors, spec);
      expect(loss.shape).toEqual([]);
      expectNear(loss.dataSync(), [expected.loss], 'loss');
      expect(prediction.shape).toEqual([sizes.batch, sizes.time, blockCount(attributes) * sizes.outputs]);
      expectNear(prediction.dataSync(), expected.prediction, 'prediction');
    }
  });
}

function checkGradients(sizes: ReadoutSizes, spec: LossSpec): void {
  tidy(() => {
    const attributes = { ...lossAttributes(spec, 'test'), gradients: true };
    const given = readoutCase(sizes, spec);
    const tensors = readoutTensors(given, sizes);
    const { dHidden, dKernel, dBias } = readoutLossGradients(tensors, spec);
    const gradients = { hidden: dHidden, kernel: dKernel, bias: dBias };
    const random = randomNumbers(99);
    for (const name of inputNames) {
      expect(gradients[name].shape).toEqual(tensors[name].shape);
      const gradient = gradients[name].dataSync();
      const { length } = given[name];
      const single = Array.from({ length }, (_, index) => (index === length >> 1 ? 1 : 0));
      for (const direction of [random(length), single]) {
        const lossAt = (step: number): number => {
          const moved = given[name].map((value, index) => value + step * direction[index]);
          return referenceReadoutLoss({ ...given, [name]: moved }, sizes, attributes).loss;
        };
        const slope = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
        const scale = Math.max(1, Math.sqrt(dot(direction, direction) * dot(gradient, gradient)));
        const difference = Math.abs(dot(gradient, direction) - slope) / scale;
        expect(difference, `${name}, ${JSON.stringify(sizes)}`).toBeLessThan(SLOPE_RELATIVE);
      }
    }
  });
}

function readoutCase({ batch, time, units, outputs }: ReadoutSizes, spec: LossSpec): ReadoutReferenceInputs {
  const columns = blockCount({ ...lossAttributes(spec, 'test'), gradients: true }) * outputs;
  const random = randomNumbers(units + outputs);
  const numbers = (count: number, scale: number): number[] => random(count, scale).map(Math.fround);
  const bound = Math.min(1, 2 / Math.sqrt(units));
  return {
    hidden: numbers(batch * time * units, 1),
    kernel: numbers(units * columns, bound),
    bias: numbers(columns, bound),
    target: numbers(batch * time * outputs, 2),
  };
}

function readoutTensors(
  given: ReadoutReferenceInputs,
  { batch, time, units, outputs }: ReadoutSizes,
): ReadoutLossInputs {
  const columns = given.bias.length;
  return {
    hidden: tensor<Rank.R3>(given.hidden, [batch, time, units], 'float32'),
    kernel: tensor<Rank.R2>(given.kernel, [units, columns], 'float32'),
    bias: tensor<Rank.R1>(given.bias, [columns], 'float32'),
    target: tensor<Rank.R3>(given.target, [batch, time, outputs], 'float32'),
  };
}
