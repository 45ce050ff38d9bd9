import { tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { recurrent, recurrentGrad } from '../recurrent.ts';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear } from './conformanceTest.ts';
import { caseTensors, gradientTensors, recurrentCase, variants } from './recurrentCase.ts';

const sizes = { units: 7, batch: 2, time: 5, features: 3 };

/** What `training` and `inputGradient` leave out. */
export const attributeTests: readonly ConformanceTest[] = [
  ...variants.map(([name, attributes]): ConformanceTest => [
    `${name}: keeps no reserve outside of training, and gives the same values`,
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
    `${name}: leaves out the gradient of x when it is not wanted, and gives the same others`,
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
