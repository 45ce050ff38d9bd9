import { slice, tidy } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { recurrent, recurrentGrad } from '../recurrent.ts';
import { reserveCounts } from '../recurrentOp.ts';
import type { ConformanceTest } from './conformanceTest.ts';
import { expectNear, testSizes } from './conformanceTest.ts';
import { caseTensors, gradientTensors, recurrentCase, variants } from './recurrentCase.ts';
import { referenceRecurrent } from './referenceRecurrent.ts';

/** Values and shapes of the forward op. */
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
      `${name}: gives the same values when a sequence is split and the state handed on`,
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
