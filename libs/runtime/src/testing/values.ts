import { expect } from 'vitest';
import { floatTensor } from '../tensors.ts';
import type { FloatTensor } from '../tensors.ts';

/** Bound of the contract for float32 over a few hundred samples. */
export const RUNTIME_ATOL = 1e-5;

/**
 * Values like the lagged sine: [rows, samples, 1], row r is sin from t = r, 20 samples per pi.
 */
export function sines(rows: number, samples: number): FloatTensor {
  const data = new Float32Array(rows * samples);
  for (let row = 0; row < rows; row++) {
    for (let sample = 0; sample < samples; sample++) {
      data[row * samples + sample] = Math.sin(row + (sample * Math.PI) / 20);
    }
  }
  return floatTensor([rows, samples, 1], data);
}

/** Samples `from` to `to` (exclusive) of every row of [batch, time, width]. */
export function sliceSamples(tensor: FloatTensor, from: number, to: number): FloatTensor {
  const [batch, time, width] = tensor.dims;
  const count = to - from;
  const data = new Float32Array(batch * count * width);
  for (let row = 0; row < batch; row++) {
    const start = (row * time + from) * width;
    data.set(tensor.data.subarray(start, start + count * width), row * count * width);
  }
  return floatTensor([batch, count, width], data);
}

/** Row `row` of a tensor [batch, ...], with batch 1. */
export function sliceRow(tensor: FloatTensor, row: number): FloatTensor {
  const size = tensor.data.length / tensor.dims[0];
  return floatTensor([1, ...tensor.dims.slice(1)], tensor.data.slice(row * size, (row + 1) * size));
}

/** Equal dims, and every value within `RUNTIME_ATOL`. */
export function expectClose(actual: FloatTensor, expected: FloatTensor): void {
  expect(actual.dims).toEqual(expected.dims);
  let worst = 0;
  for (let index = 0; index < expected.data.length; index++) {
    const difference = Math.abs(actual.data[index] - expected.data[index]);
    // NaN is never close.
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  expect(worst).toBeLessThanOrEqual(RUNTIME_ATOL);
}
