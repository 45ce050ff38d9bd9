import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';
import { checkNonEmpty, checkShape, runKernel } from './kernels.ts';
import type {
  RecurrentAttributes,
  RecurrentGradients,
  RecurrentGradInputs,
  RecurrentInputs,
  RecurrentOutputs,
} from '@onda/kernels';
import { gateCounts, recurrentKernelNames, reserveCounts } from '@onda/kernels';
import { ensureRecurrentKernels } from './registerKernels.ts';

/** Attributes with PyTorch's defaults: forward in time, no reserve, tanh, reset gate after the recurrent product. */
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
 * Runs one recurrent layer over a whole sequence, on the current backend. TensorFlow.js can differentiate it; without `training`
 * the gradient runs the layer forward again.
 *
 * @throws ShapeError for tensors whose shapes or types do not match; ConfigError for a backend without kernels
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
 * Computes the gradients of a recurrent layer's inputs from those of its outputs.
 *
 * @param inputs     inputs of the forward call (with `training`), its y and reserve, and the gradients of y, h and c
 * @param attributes attributes of the forward call
 * @throws ShapeError for tensors whose shapes or types do not match; ConfigError for a backend without kernels
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

interface Sizes {
  batch: number;
  time: number;
  units: number;
}

/**
 * Checks the inputs of the forward op against x and the recurrent kernel, which define the sizes.
 *
 * @throws ShapeError naming the input, the expected shape and the given one
 */
function checkInputs(inputs: RecurrentInputs, { cell }: RecurrentAttributes): Sizes {
  const { x, kernel, recurrentKernel, bias, recurrentBias, h0, c0 } = inputs;
  const gates = gateCounts[cell];
  checkNonEmpty(cell, 'x', x, '[batch, time, features]', 3);
  checkNonEmpty(cell, 'recurrentKernel', recurrentKernel, `[units, ${gates} * units]`, 2);
  const [batch, time, features] = x.shape;
  const units = recurrentKernel.shape[0];
  const columns = gates * units;
  checkDerived(cell, 'recurrentKernel', recurrentKernel, `[units, ${gates} * units]`, [units, columns]);
  checkDerived(cell, 'kernel', kernel, `[features, ${gates} * units]`, [features, columns]);
  checkDerived(cell, 'bias', bias, `[${gates} * units]`, [columns]);
  checkDerived(cell, 'recurrentBias', recurrentBias, `[${gates} * units]`, [columns]);
  checkDerived(cell, 'h0', h0, '[batch, units]', [batch, units]);
  checkLstmState(cell, 'c0', c0, batch, units);
  return { batch, time, units };
}

/**
 * Checks the inputs of the backward op.
 *
 * @throws ShapeError naming the input, the expected shape and the given one
 */
function checkGradientInputs(inputs: RecurrentGradInputs, attributes: RecurrentAttributes): void {
  const { cell } = attributes;
  const { batch, time, units } = checkInputs(inputs, attributes);
  const blocks = reserveCounts[cell];
  checkDerived(cell, 'y', inputs.y, '[batch, time, units]', [batch, time, units]);
  const reserveShape = [batch, time, blocks * units];
  checkDerived(cell, 'reserve', inputs.reserve, `[batch, time, ${blocks} * units]`, reserveShape);
  checkDerived(cell, 'dy', inputs.dy, '[batch, time, units]', [batch, time, units]);
  checkDerived(cell, 'dh', inputs.dh, '[batch, units]', [batch, units]);
  checkLstmState(cell, 'dc', inputs.dc, batch, units);
}

/** Checks an input whose shape follows from x and the recurrent kernel. */
function checkDerived(
  cell: string,
  name: string,
  tensor: Tensor,
  names: string,
  shape: readonly number[],
): void {
  checkShape(cell, name, tensor, names, shape, 'x and recurrentKernel');
}

function checkLstmState(
  cell: string,
  name: string,
  tensor: Tensor | undefined,
  batch: number,
  units: number,
): void {
  if (cell === 'lstm') {
    if (tensor === undefined) {
      throw new ShapeError(
        `lstm input "${name}": expected shape [batch, units] = [${batch}, ${units}], got nothing; pass it`,
      );
    }
    checkDerived(cell, name, tensor, '[batch, units]', [batch, units]);
  } else if (tensor !== undefined) {
    throw new ShapeError(`${cell} input "${name}": expected only for the lstm cell; leave it out`);
  }
}
