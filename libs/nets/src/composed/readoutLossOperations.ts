import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { add, matMul, reshape, sum } from '@tensorflow/tfjs-core';
import { losses } from '../losses/losses.ts';
import type { ReadoutLossAttributes } from '../readoutLossOp.ts';

/**
 * The read-out and loss op in TensorFlow.js operations.
 *
 * @param inputs the op's inputs in its order (readoutLossOp.ts)
 * @returns the op's outputs in its order
 */
export function readoutLossOperations(
  inputs: readonly Tensor[],
  attributes: ReadoutLossAttributes,
): Tensor[] {
  const [hidden, kernel, bias, target] = inputs as [Tensor3D, Tensor2D, Tensor1D, Tensor3D];
  const [batch, time, units] = hidden.shape;
  const columns = kernel.shape[1];
  const hiddenRows = reshape<Rank.R2>(hidden, [batch * time, units]);
  const rows = add(matMul<Tensor2D>(hiddenRows, kernel), bias);
  const prediction = reshape<Rank.R3>(rows, [batch, time, columns]);
  const { loss, gradient } = losses[attributes.loss].onTensors(prediction, target, attributes);
  if (!attributes.gradients) return [loss, prediction];
  const dRows = reshape<Rank.R2>(gradient, [batch * time, columns]);
  return [
    loss,
    prediction,
    reshape(matMul(dRows, kernel, false, true), [batch, time, units]),
    matMul(hiddenRows, dRows, true),
    sum(dRows, 0),
  ];
}
