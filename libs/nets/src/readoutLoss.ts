import type { Rank, Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { fused, reshape } from '@tensorflow/tfjs-core';
import { checkNonEmpty, checkShape, runKernel } from './kernels.ts';
import type { LossSpec } from './losses.ts';
import { lossAttributes, lossBlocks } from './losses.ts';
import { readoutLossKernelName } from '@onda/kernels';
import { ensureRecurrentKernels } from './registerKernels.ts';

/** Inputs of the read-out and loss op, float32. */
export interface ReadoutLossInputs {
  /** h of every sample, [batch, time, units]. */
  hidden: Tensor3D;
  /** [units, blocks * outputs] */
  kernel: Tensor2D;
  /** [blocks * outputs] */
  bias: Tensor1D;
  /** The true values, [batch, time, outputs]. */
  target: Tensor3D;
}

export type ReadoutLoss = {
  /** Mean over all values. */
  loss: Scalar;
  /** [batch, time, blocks * outputs]; the first `outputs` columns are the point prediction. */
  prediction: Tensor3D;
};

export type ReadoutLossGradients = ReadoutLoss & {
  /** [batch, time, units] */
  dHidden: Tensor3D;
  dKernel: Tensor2D;
  dBias: Tensor1D;
};

/**
 * Applies the linear read-out to h of every sample.
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
 * Applies the read-out and computes the loss of its prediction, on the current backend.
 *
 * @throws ShapeError for tensors whose shapes or types do not match; ConfigError for an unknown loss or a backend without kernels
 */
export function readoutLoss(inputs: ReadoutLossInputs, loss: LossSpec): ReadoutLoss {
  const [value, prediction] = run(inputs, loss, false);
  return { loss: value as Scalar, prediction: prediction as Tensor3D };
}

/** `readoutLoss` and the gradients of the loss; throws the same errors. */
export function readoutLossGradients(inputs: ReadoutLossInputs, loss: LossSpec): ReadoutLossGradients {
  const [value, prediction, dHidden, dKernel, dBias] = run(inputs, loss, true);
  return {
    loss: value as Scalar,
    prediction: prediction as Tensor3D,
    dHidden: dHidden as Tensor3D,
    dKernel: dKernel as Tensor2D,
    dBias: dBias as Tensor1D,
  };
}

function run(inputs: ReadoutLossInputs, loss: LossSpec, gradients: boolean): ReturnType<typeof runKernel> {
  const attributes = { ...lossAttributes(loss, 'read-out loss'), gradients };
  checkInputs(inputs, loss);
  ensureRecurrentKernels();
  const { hidden, kernel, bias, target } = inputs;
  return runKernel(readoutLossKernelName, [hidden, kernel, bias, target], attributes);
}

function checkInputs({ hidden, kernel, bias, target }: ReadoutLossInputs, loss: LossSpec): void {
  const op = 'read-out loss';
  checkNonEmpty(op, 'hidden', hidden, '[batch, time, units]', 3);
  checkNonEmpty(op, 'target', target, '[batch, time, outputs]', 3);
  const [batch, time, units] = hidden.shape;
  const outputs = target.shape[2];
  const blocks = lossBlocks(loss);
  const columns = blocks * outputs;
  const others = 'hidden and target';
  checkShape(op, 'target', target, '[batch, time, outputs]', [batch, time, outputs], 'hidden');
  checkShape(op, 'kernel', kernel, `[units, ${blocks} * outputs]`, [units, columns], others);
  checkShape(op, 'bias', bias, `[${blocks} * outputs]`, [columns], others);
}
