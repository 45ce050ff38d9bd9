import type { Scalar, Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { tensor, tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Net } from '../net.ts';
import { randomNumbers } from './randomNumbers.ts';

/** float32 rounding of two orders of summation. */
const ATOL = 1e-6;

/** Random tensors of 3 sequences of 6 samples; the caller disposes of them. */
export function made(net: Net): { x: Tensor3D; y: Tensor3D; state: Tensor2D } {
  const random = randomNumbers(11);
  const { features, outputs } = net.spec;
  return {
    x: tensor3d(random(18 * features), [3, 6, features]),
    y: tensor3d(random(18 * outputs), [3, 6, outputs]),
    state: tensor2d(random(3 * net.stateSize), [3, net.stateSize]),
  };
}

export function expectClose(given: Tensor, expected: Tensor): void {
  expect(given.shape).toEqual(expected.shape);
  const values = expected.dataSync();
  given.dataSync().forEach((value, index) => {
    expect(Math.abs(value - values[index])).toBeLessThan(ATOL);
  });
}

/** Central difference in float32: the loss is rounded to 6e-8, so the slope has an error of 6e-8 / (2 * STEP) = 6e-6. */
const STEP = 5e-3;
export const DIFFERENCE_ATOL = 1e-4;

/** The slope of a loss along the first element of a weight. */
export function slopeOf(weight: Variable, loss: () => Scalar): number {
  const start = weight.dataSync<'float32'>().slice();
  const set = (values: Float32Array): void => {
    weight.assign(tensor(values, weight.shape));
  };
  return tidy(() => {
    const [after, before] = [STEP, -STEP].map((step) => {
      set(Float32Array.from(start, (value, index) => (index === 0 ? value + step : value)));
      return loss().dataSync()[0];
    });
    set(start);
    return (after - before) / (2 * STEP);
  });
}
