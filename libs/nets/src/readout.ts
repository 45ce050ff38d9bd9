import type { Rank, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { fused, reshape } from '@tensorflow/tfjs-core';

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
