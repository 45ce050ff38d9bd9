import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { checkGradientInputs, checkInputs } from './checkRecurrent.ts';
import { ensureRecurrentKernels } from './ensureRecurrentKernels.ts';
import type { RecurrentAttributes } from './recurrentOp.ts';
import { recurrentKernelNames } from './recurrentOp.ts';
import type {
  RecurrentGradients,
  RecurrentGradInputs,
  RecurrentInputs,
  RecurrentOutputs,
} from './recurrentTensors.ts';
import { runKernel } from './runKernel.ts';

/** The attributes of an op of PyTorch's layers: walked forward, nothing kept for a gradient, tanh, reset gate after the product. */
export function recurrentAttributes(
  given: Pick<RecurrentAttributes, 'cell'> & Partial<RecurrentAttributes>,
): RecurrentAttributes {
  return {
    activation: 'tanh',
    resetAfter: true,
    reverse: false,
    training: false,
    inputGradient: true,
    ...given,
  };
}

/**
 * Runs one recurrent layer over a whole sequence, on whatever backend is current. TensorFlow.js can differentiate it; with
 * `training` it need not run forward a second time for that.
 *
 * @throws ShapeError for tensors whose shapes or types do not fit each other
 */
export function recurrent(inputs: RecurrentInputs, attributes: RecurrentAttributes): RecurrentOutputs {
  checkInputs(inputs, attributes);
  ensureRecurrentKernels();
  const outputs = runKernel(recurrentKernelNames.forward, inputList(inputs), attributes);
  return {
    y: outputs[0] as Tensor3D,
    h: outputs[1] as Tensor2D,
    c: attributes.cell === 'lstm' ? (outputs[2] as Tensor2D) : undefined,
    reserve: outputs[outputs.length - 1],
  };
}

/**
 * Runs one recurrent layer backward: the gradients of its inputs, from those of its outputs.
 *
 * @param inputs     those of the forward call (made with `training`), its y and reserve, and the gradients of y, h and c
 * @param attributes those of the forward call
 * @throws ShapeError for tensors whose shapes or types do not fit each other
 */
export function recurrentGrad(
  inputs: RecurrentGradInputs,
  attributes: RecurrentAttributes,
): RecurrentGradients {
  checkGradientInputs(inputs, attributes);
  ensureRecurrentKernels();
  const { y, reserve, dy, dh, dc } = inputs;
  const more = dc === undefined ? [y, reserve, dy, dh] : [y, reserve, dy, dh, dc];
  const results = runKernel(recurrentKernelNames.backward, [...inputList(inputs), ...more], attributes);
  return {
    dx: results[0],
    dKernel: results[1] as Tensor2D,
    dRecurrentKernel: results[2] as Tensor2D,
    dBias: results[3] as Tensor1D,
    dRecurrentBias: results[4] as Tensor1D,
    dh0: results[5] as Tensor2D,
    dc0: attributes.cell === 'lstm' ? (results[6] as Tensor2D) : undefined,
  };
}

function inputList({ x, kernel, recurrentKernel, bias, recurrentBias, h0, c0 }: RecurrentInputs): Tensor[] {
  const inputs = [x, kernel, recurrentKernel, bias, recurrentBias, h0];
  return c0 === undefined ? inputs : [...inputs, c0];
}
