// Registers the gradients of TensorFlow.js's own operations, which the core alone leaves out.
import '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import { add, grads, mul, sum, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { recurrent, recurrentGrad } from '../recurrent.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear, testSizes } from './conformanceTest.ts';
import { dot, finiteDifferences } from './finiteDifferences.ts';
import type { RecurrentCase } from './recurrentCase.ts';
import { caseTensors, gradientTensors, recurrentCase, variants } from './recurrentCase.ts';
import type { ReferenceInputs } from './referenceRecurrent.ts';

/**
 * float32 gradients beside slopes in double precision, relative to the length of the gradient times that of the direction: 2.5e-7
 * on the `cpu` backend, with room for another order of the sums and another tanh.
 */
const SLOPE_RELATIVE = 3e-6;

/** Values of the backward op. */
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
