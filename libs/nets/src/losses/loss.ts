import type { Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import type { ReadoutLossAttributes } from '../readoutLossOp.ts';

export interface LossResult {
  /** Mean over every value of the batch. */
  readonly loss: Scalar;
  /** Of the loss with respect to the prediction, [batch, time, columns]. */
  readonly gradient: Tensor3D;
}

/** A loss on flat arrays; shapes in readoutLossOp.ts. */
export interface LossArrays {
  /** [rows, columns] */
  readonly prediction: Float32Array;
  /** [rows, outputs] */
  readonly target: Float32Array;
  /** To be filled, [rows, columns]. */
  readonly gradient: Float32Array;
  readonly outputs: number;
}

type Attributes = Pick<ReadoutLossAttributes, 'delta' | 'levels'>;

/** A loss and its gradient in one, after readoutLossOp.ts. */
export interface Loss {
  /** On typed arrays: fills the gradient, gives the loss. */
  onArrays(arrays: LossArrays, attributes: Attributes): number;
  /**
   * In TensorFlow.js operations.
   *
   * @param prediction [batch, time, columns]
   * @param target     [batch, time, outputs]
   */
  onTensors(prediction: Tensor3D, target: Tensor3D, attributes: Attributes): LossResult;
}
