import type { Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import type { FitConfig } from '@onda/contract';

export type LossKind = FitConfig['training']['loss'];

export interface LossResult {
  /** Mean over every value of the batch. */
  readonly loss: Scalar;
  /** Of the loss with respect to the prediction, [batch, time, outputs]. */
  readonly gradient: Tensor3D;
}

/**
 * A loss and its gradient in one.
 *
 * @param prediction [batch, time, outputs]
 * @param target     [batch, time, outputs]
 */
export type Loss = (prediction: Tensor3D, target: Tensor3D) => LossResult;
