import type { Rank, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { fused, matMul, reshape, sum } from '@tensorflow/tfjs-core';

/**
 * The linear read-out of every sample's h.
 *
 * @param y      [batch, time, units]
 * @param kernel [units, outputs]
 * @param bias   [outputs]
 * @returns [batch, time, outputs]
 */
export function readout(y: Tensor3D, kernel: Tensor2D, bias: Tensor1D): Tensor3D {
  const [batch, time, units] = y.shape;
  const rows = reshape<Rank.R2>(y, [batch * time, units]);
  const values = fused.matMul({ a: rows, b: kernel, bias });
  return reshape(values, [batch, time, kernel.shape[1]]);
}

/**
 * The read-out backward.
 *
 * @param dOutput [batch, time, outputs]
 */
export function readoutGradients(
  y: Tensor3D,
  kernel: Tensor2D,
  dOutput: Tensor3D,
): { dy: Tensor3D; dKernel: Tensor2D; dBias: Tensor1D } {
  const [batch, time, units] = y.shape;
  const rows = reshape<Rank.R2>(y, [batch * time, units]);
  const dRows = reshape<Rank.R2>(dOutput, [batch * time, kernel.shape[1]]);
  return {
    dy: reshape(matMul<Tensor2D>(dRows, kernel, false, true), [batch, time, units]),
    dKernel: matMul(rows, dRows, true),
    dBias: sum(dRows, 0),
  };
}
