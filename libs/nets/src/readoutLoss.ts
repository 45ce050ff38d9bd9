import type { Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { checkNonEmpty, checkShape } from './checkShape.ts';
import { ensureRecurrentKernels } from './ensureRecurrentKernels.ts';
import type { LossSpec } from './losses/lossSpec.ts';
import { lossAttributes, lossBlocks } from './losses/lossSpec.ts';
import { readoutLossKernelName } from './readoutLossOp.ts';
import { runKernel } from './runKernel.ts';

/** Inputs of the read-out and loss op, float32. */
export interface ReadoutLossInputs {
  /** Every sample's h, [batch, time, units]. */
  hidden: Tensor3D;
  /** [units, blocks * outputs] */
  kernel: Tensor2D;
  /** [blocks * outputs] */
  bias: Tensor1D;
  /** The true values, [batch, time, outputs]. */
  target: Tensor3D;
}

export type ReadoutLoss = {
  /** Mean over every value. */
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
 * The linear read-out of every sample's h, and the loss of what it predicts, on whatever backend is current.
 *
 * @throws ShapeError for tensors whose shapes or types do not fit each other; ConfigError for a loss that is not one
 */
export function readoutLoss(inputs: ReadoutLossInputs, loss: LossSpec): ReadoutLoss {
  const [value, prediction] = run(inputs, loss, false);
  return { loss: value as Scalar, prediction: prediction as Tensor3D };
}

/** `readoutLoss` with the gradients of the loss; errors are the same. */
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
