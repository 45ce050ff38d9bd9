import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';

/**
 * Checks an input of an op that says sizes: float32, of this rank, nothing empty.
 *
 * @param op    names the op in the message: `lstm`
 * @param names the dims: `[batch, time, features]`
 * @throws ShapeError naming the input, the shape it must have and the one it has
 */
export function checkNonEmpty(op: string, name: string, tensor: Tensor, names: string, rank: number): void {
  if (tensor.dtype !== 'float32') throw typeError(op, name, tensor);
  if (tensor.shape.length === rank && tensor.shape.every((size) => size >= 1)) return;
  throw new ShapeError(
    `${op} input "${name}": expected shape ${names} with every dim at least 1, got [${tensor.shape.join(', ')}]; give it ${rank} dims that are not empty`,
  );
}

/**
 * Checks an input of an op whose shape follows from others: float32, of this shape.
 *
 * @param others the inputs that say the sizes: `x and recurrentKernel`
 * @throws ShapeError naming the input, the shape it must have and the one it has
 */
export function checkShape(
  op: string,
  name: string,
  tensor: Tensor,
  names: string,
  shape: readonly number[],
  others: string,
): void {
  const given = tensor.shape as readonly number[];
  if (given.length !== shape.length || given.some((size, index) => size !== shape[index])) {
    throw new ShapeError(
      `${op} input "${name}": expected shape ${names} = [${shape.join(', ')}], got [${given.join(', ')}]; its sizes must fit ${others}`,
    );
  }
  if (tensor.dtype !== 'float32') throw typeError(op, name, tensor);
}

function typeError(op: string, name: string, { dtype }: Tensor): ShapeError {
  return new ShapeError(`${op} input "${name}": expected float32, got ${dtype}; cast it`);
}
