import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { add, grads, mul, slice, sum, tidy } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { recurrent, recurrentGrad } from '../recurrent.ts';
import type { RecurrentAttributes } from '@onda/kernels';
import { reserveCounts } from '@onda/kernels';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear, testSizes } from './conformanceTest.ts';
import { randomNumbers } from './randomNumbers.ts';
import type { RecurrentCase } from './recurrentCase.ts';
import { caseTensors, gradientTensors, recurrentCase, variants } from './recurrentCase.ts';
import type { ReferenceInputs } from './referenceRecurrent.ts';
import { referenceRecurrent } from './referenceRecurrent.ts';

/** Tests of the values and shapes of the forward op. */
export const outputTests: readonly ConformanceTest[] = [
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: gives the values of the textbook loops in double precision`,
    () => {
      for (const sizes of testSizes) {
        tidy(() => {
          const given = recurrentCase(sizes, attributes);
          const { y, h, c, reserve } = recurrent(caseTensors(given), attributes);
          const expected = referenceRecurrent(given.inputs, sizes, attributes);
          const { batch, time, units } = sizes;
          expect(y.shape).toEqual([batch, time, units]);
          expect(h.shape).toEqual([batch, units]);
          expect(reserve.shape).toEqual([batch, time, reserveCounts[attributes.cell] * units]);
          expectNear(y.dataSync(), expected.y, 'y');
          expectNear(h.dataSync(), expected.h, 'h');
          expectNear(c?.dataSync() ?? [], expected.c, 'c');
        });
      }
    },
  ]),
  ...variants
    .filter(([, { reverse }]) => !reverse)
    .map(([name, attributes]): ConformanceTest => [
      `${name}: gives the same values when a sequence is split and the state passed on`,
      () => {
        tidy(() => {
          const given = recurrentCase({ units: 7, batch: 3, time: 10, features: 2 }, attributes);
          const tensors = caseTensors(given);
          const part = (from: number, size: number): Tensor3D =>
            slice(tensors.x, [0, from, 0], [-1, size, -1]);
          const whole = recurrent(tensors, attributes);
          const first = recurrent({ ...tensors, x: part(0, 4) }, attributes);
          const second = recurrent({ ...tensors, x: part(4, 6), h0: first.h, c0: first.c }, attributes);
          expectNear(second.y.dataSync(), slice(whole.y, [0, 4, 0], [-1, 6, -1]).dataSync(), 'y');
          expectNear(second.h.dataSync(), whole.h.dataSync(), 'h');
        });
      },
    ]),
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: gives the same bits when it runs again`,
    () => {
      tidy(() => {
        const given = recurrentCase({ units: 33, batch: 5, time: 20, features: 2 }, attributes);
        const tensors = caseTensors(given);
        const run = (): number[][] => {
          const { y, h, c, reserve } = recurrent(tensors, attributes);
          const grads = recurrentGrad({ ...tensors, ...gradientTensors(given), y, reserve }, attributes);
          const results = [y, h, c, reserve, ...(Object.values(grads) as (Tensor | undefined)[])];
          return results.map((tensor) => (tensor === undefined ? [] : Array.from(tensor.dataSync())));
        };
        expect(run()).toEqual(run());
      });
    },
  ]),
];

// Registers the gradients of TensorFlow.js's own operations; tfjs-core alone has none.
/**
 * float32 gradients against slopes in double precision, relative to the norm of the gradient times that of the direction: measured
 * 2.5e-7 on the `cpu` backend; the rest allows for another order of summation and another tanh.
 */
const SLOPE_RELATIVE = 3e-6;

/** Tests of the backward op. */
export const gradientTests: readonly ConformanceTest[] = [
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: gives the gradients of finite differences in double precision`,
    () => {
      for (const sizes of testSizes) {
        const given = recurrentCase(sizes, attributes);
        const gradients = gradientValues(given, attributes);
        for (const { input, direction, slope } of finiteDifferences(given)) {
          const scale = Math.max(
            1,
            Math.sqrt(dot(direction, direction) * dot(gradients[input], gradients[input])),
          );
          const difference = Math.abs(dot(gradients[input], direction) - slope) / scale;
          expect(difference, `${input}, ${JSON.stringify(sizes)}`).toBeLessThan(SLOPE_RELATIVE);
        }
      }
    },
  ]),
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: is differentiated by TensorFlow.js with the same gradients, kept reserve or not`,
    () => {
      const given = recurrentCase({ units: 7, batch: 2, time: 5, features: 3 }, attributes);
      const expected = gradientValues(given, attributes);
      for (const training of [true, false]) {
        tidy(() => {
          const tensors = caseTensors(given);
          const { dy, dh, dc } = gradientTensors(given);
          const loss = (...list: Tensor[]): Tensor => {
            const [x, kernel, recurrentKernel, bias, recurrentBias, h0, c0] = list;
            const inputs = { x, kernel, recurrentKernel, bias, recurrentBias, h0, c0 } as typeof tensors;
            const { y, h, c } = recurrent(inputs, { ...attributes, training });
            const total = add(sum(mul(y, dy)), sum(mul(h, dh)));
            return c === undefined || dc === undefined ? total : add(total, sum(mul(c, dc)));
          };
          const list = Object.values(tensors) as Tensor[];
          const results = grads(loss)(list);
          const names = Object.keys(expected) as (keyof ReferenceInputs)[];
          results.forEach((result, index) => {
            expectNear(result.dataSync(), expected[names[index]], names[index]);
          });
        });
      }
    },
  ]),
];

/** Gradients of all inputs, by the backward op. */
function gradientValues(
  given: RecurrentCase,
  attributes: RecurrentAttributes,
): Record<keyof ReferenceInputs, number[]> {
  return tidy(() => {
    const tensors = caseTensors(given);
    const { y, reserve } = recurrent(tensors, attributes);
    const results = recurrentGrad({ ...tensors, ...gradientTensors(given), y, reserve }, attributes);
    expect(results.dx.shape).toEqual(tensors.x.shape);
    expect(results.dKernel.shape).toEqual(tensors.kernel.shape);
    expect(results.dRecurrentKernel.shape).toEqual(tensors.recurrentKernel.shape);
    expect(results.dBias.shape).toEqual(tensors.bias.shape);
    expect(results.dRecurrentBias.shape).toEqual(tensors.recurrentBias.shape);
    expect(results.dh0.shape).toEqual(tensors.h0.shape);
    expect(results.dc0?.shape).toEqual(tensors.c0?.shape);
    return {
      x: Array.from(results.dx.dataSync()),
      kernel: Array.from(results.dKernel.dataSync()),
      recurrentKernel: Array.from(results.dRecurrentKernel.dataSync()),
      bias: Array.from(results.dBias.dataSync()),
      recurrentBias: Array.from(results.dRecurrentBias.dataSync()),
      h0: Array.from(results.dh0.dataSync()),
      c0: Array.from(results.dc0?.dataSync() ?? []),
    };
  });
}

const sizes = { units: 7, batch: 2, time: 5, features: 3 };

/** Tests of `training: false` and `inputGradient: false`. */
export const attributeTests: readonly ConformanceTest[] = [
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: returns no reserve without training and gives the same values`,
    () => {
      tidy(() => {
        const tensors = caseTensors(recurrentCase(sizes, attributes));
        const kept = recurrent(tensors, attributes);
        const bare = recurrent(tensors, { ...attributes, training: false });
        expect(bare.reserve.shape).toEqual([0]);
        expectNear(bare.y.dataSync(), kept.y.dataSync(), 'y');
        expectNear(bare.h.dataSync(), kept.h.dataSync(), 'h');
        expectNear(bare.c?.dataSync() ?? [], kept.c?.dataSync() ?? [], 'c');
      });
    },
  ]),
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: omits the gradient of x on request and gives the same others`,
    () => {
      tidy(() => {
        const given = recurrentCase(sizes, attributes);
        const tensors = caseTensors(given);
        const { y, reserve } = recurrent(tensors, attributes);
        const inputs = { ...tensors, ...gradientTensors(given), y, reserve };
        const all = recurrentGrad(inputs, attributes);
        const without = recurrentGrad(inputs, { ...attributes, inputGradient: false });
        expect(without.dx.shape).toEqual([0]);
        expectNear(without.dKernel.dataSync(), all.dKernel.dataSync(), 'dKernel');
        expectNear(without.dh0.dataSync(), all.dh0.dataSync(), 'dh0');
      });
    },
  ]),
];

/** Central differences in double precision: error about STEP^2, and 1e-16 / STEP from rounding. */
const STEP = 1e-5;
const SAMPLES = 6;

/** A slope of the case's loss along one direction in one input. */
interface Slope {
  input: keyof ReferenceInputs;
  /** Change of each element. */
  direction: number[];
  slope: number;
}

/**
 * Slopes of sum(y * dy) + sum(h * dh) + sum(c * dc): for each input along a direction that changes all elements, and along single
 * elements.
 */
function finiteDifferences(given: RecurrentCase): Slope[] {
  const random = randomNumbers(99);
  const names = Object.keys(given.inputs) as (keyof ReferenceInputs)[];
  return names.flatMap((input) => {
    const { length } = given.inputs[input];
    if (length === 0) return [];
    const single = Array.from({ length: Math.min(SAMPLES, length) }, () => {
      const index = Math.floor(((random(1)[0] + 1) / 2) * length);
      return Array.from({ length }, (_, element) => (element === index ? 1 : 0));
    });
    return [random(length), ...single].map((direction) => ({
      input,
      direction,
      slope: (moved(given, input, direction, STEP) - moved(given, input, direction, -STEP)) / (2 * STEP),
    }));
  });
}

function moved(
  given: RecurrentCase,
  input: keyof ReferenceInputs,
  direction: number[],
  step: number,
): number {
  const values = given.inputs[input].map((value, index) => value + step * direction[index]);
  const outputs = referenceRecurrent({ ...given.inputs, [input]: values }, given.sizes, given.attributes);
  const { dOutputs } = given;
  return dot(outputs.y, dOutputs.y) + dot(outputs.h, dOutputs.h) + dot(outputs.c, dOutputs.c);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
