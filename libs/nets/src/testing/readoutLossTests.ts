import type { Rank, Tensor } from '@tensorflow/tfjs-core';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { LossSpec } from '../losses.ts';
import { lossAttributes } from '../losses.ts';
import type { ReadoutLossInputs } from '../readoutLoss.ts';
import { readoutLoss, readoutLossGradients } from '../readoutLoss.ts';
import type { ReadoutLossAttributes } from '@onda/kernels';
import { GAUSSIAN_EPSILON } from '@onda/kernels';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear } from './conformanceTest.ts';
import { randomNumbers } from './randomNumbers.ts';
import { dot } from './recurrentTests.ts';

const specs: LossSpec[] = [
  { kind: 'mse' },
  { kind: 'mae' },
  { kind: 'huber', delta: 0.5 },
  { kind: 'gaussian' },
  { kind: 'quantile', levels: [0.5] },
  { kind: 'quantile', levels: [0.5, 0.1, 0.9, 0.75] },
];

/** Size one, odd sizes, one sequence and several, and one large enough for several threads. */
const readoutSizes: readonly ReadoutSizes[] = [
  { batch: 1, time: 1, units: 1, outputs: 1 },
  { batch: 1, time: 20, units: 33, outputs: 1 },
  { batch: 5, time: 2, units: 7, outputs: 3 },
  { batch: 2, time: 1, units: 8, outputs: 5 },
  { batch: 6, time: 50, units: 129, outputs: 2 },
];

/** Central differences in double precision: error about STEP^2, and 1e-16 / STEP from rounding. */
const STEP = 1e-5;
/** float32 gradients against slopes in double precision, as in recurrentTests.ts. */
const SLOPE_RELATIVE = 3e-6;

const inputNames = ['hidden', 'kernel', 'bias'] as const;

/** Tests of the read-out and loss op with every loss. */
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

interface ReadoutSizes {
  batch: number;
  time: number;
  units: number;
  outputs: number;
}

/** Inputs of the read-out and loss op as flat row-major numbers in double precision. */
interface ReadoutReferenceInputs {
  hidden: number[];
  kernel: number[];
  bias: number[];
  target: number[];
}

/** Number of blocks of `outputs` columns of a loss. */
function blockCount({ loss, levels }: ReadoutLossAttributes): number {
  return loss === 'gaussian' ? 2 : loss === 'quantile' ? levels.length : 1;
}

/** The formulas of readoutLossOp.ts in plain loops and double precision. */
function referenceReadoutLoss(
  inputs: ReadoutReferenceInputs,
  { batch, time, units, outputs }: ReadoutSizes,
  attributes: ReadoutLossAttributes,
): { loss: number; prediction: number[] } {
  const columns = blockCount(attributes) * outputs;
  const prediction: number[] = [];
  const losses: number[] = [];
  for (let sample = 0; sample < batch * time; sample++) {
    const h = inputs.hidden.slice(sample * units, (sample + 1) * units);
    const row = Array.from({ length: columns }, (_, column) =>
      h.reduce(
        (sum, value, unit) => sum + value * inputs.kernel[unit * columns + column],
        inputs.bias[column],
      ),
    );
    prediction.push(...row);
    for (let output = 0; output < outputs; output++) {
      const blocks = row.filter((_, column) => column % outputs === output);
      losses.push(...valueLosses(blocks, inputs.target[sample * outputs + output], attributes));
    }
  }
  return { loss: losses.reduce((sum, value) => sum + value, 0) / losses.length, prediction };
}

/** The losses of one target value; for quantile one per level. */
function valueLosses(
  [p, ...more]: number[],
  t: number,
  { loss, delta, levels }: ReadoutLossAttributes,
): number[] {
  const error = Math.abs(p - t);
  switch (loss) {
    case 'mse':
      return [error ** 2];
    case 'mae':
      return [error];
    case 'huber':
      return [error <= delta ? error ** 2 / 2 : delta * (error - delta / 2)];
    case 'gaussian': {
      const variance = Math.max(Math.exp(more[0]), GAUSSIAN_EPSILON);
      return [(Math.log(variance) + error ** 2 / variance) / 2];
    }
    case 'quantile':
      return [p, ...more].map((value, block) =>
        Math.max(levels[block] * (t - value), (levels[block] - 1) * (t - value)),
      );
  }
}
