import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** What `train` fits: weights, and the gradients of a loss of them. */
export interface TrainableModel<Batch> {
  /** The weights; their number and shapes do not change. */
  readonly variables: readonly Variable[];
  /**
   * The loss of a batch, and its gradient for each variable. The loop calls it in a `tidy`.
   *
   * @param context the step, and whether the weights are updated afterwards; without `training` the gradients may be omitted ([])
   */
  lossAndGradients(batch: Batch, context: StepContext): BatchLoss;
  /** State that is passed from step to step, for a checkpoint. */
  state?(): CarriedState | null;
  restore?(state: CarriedState | null): void;
}

interface StepContext {
  step: number;
  training: boolean;
}

interface BatchLoss {
  /** Mean over the samples that count. */
  loss: Scalar;
  gradients: Tensor[];
  /** Samples that count; default 1. */
  weight?: number;
}

/** One state row per sequence of the batch. */
export interface CarriedState {
  batch: number;
  /** Row-major, shape [batch, state]. */
  values: Float32Array;
}

/** Provides the batch of each training step. */
export interface Batches<Batch> {
  /** The batch of a step. It depends only on the step, so that a run can resume from a step number. */
  batch(step: number): Batch;
  /** Describes the batch of a step, for errors. */
  describe?(step: number): string;
}
