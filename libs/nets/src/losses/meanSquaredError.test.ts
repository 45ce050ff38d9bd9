import '@tensorflow/tfjs-backend-cpu';
import { setBackend, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { meanSquaredError } from './meanSquaredError.ts';

beforeAll(async () => {
  await setBackend('cpu');
});

describe(meanSquaredError, () => {
  it('gives the mean of the squares over every value, and its gradient', () => {
    const prediction = tensor3d([1, 2, 3, 4], [1, 2, 2]);
    const target = tensor3d([1, 0, 0, 8], [1, 2, 2]);
    const { loss, gradient } = meanSquaredError(prediction, target);
    expect(loss.shape).toEqual([]);
    expect(loss.dataSync()[0]).toBe((4 + 9 + 16) / 4);
    expect(gradient.shape).toEqual([1, 2, 2]);
    expect(Array.from(gradient.dataSync())).toEqual([0, 1, 1.5, -2]);
  });
});
