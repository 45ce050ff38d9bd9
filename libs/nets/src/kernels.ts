import type { KernelConfig, NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { engine, getKernel } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';
import type {
  ReadoutLossAttributes,
  readoutLossKernelName,
  RecurrentAttributes,
  recurrentKernelNames,
} from '@onda/kernels';

type RecurrentKernel = (typeof recurrentKernelNames)[keyof typeof recurrentKernelNames];

/** Runs one of our kernels without checks; tensors in the order of recurrentOp.ts and readoutLossOp.ts. */
export function runKernel<Name extends RecurrentKernel | typeof readoutLossKernelName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: Name extends RecurrentKernel ? RecurrentAttributes : ReadoutLossAttributes,
): Tensor[] {
  // The engine accepts an array as well as a map (its own Concat passes one); its types omit that.
  const list = inputs as unknown as NamedTensorMap;
  return engine().runKernel<Tensor[]>(name, list, attributes as unknown as NamedAttrMap);
}

/** Whether TensorFlow.js has a kernel of this name for this backend. */
export function hasKernel(kernelName: string, backendName: string): boolean {
  // The declared type omits undefined.
  return (getKernel(kernelName, backendName) as KernelConfig | undefined) !== undefined;
}

/**
 * Checks an input that defines sizes of an op: float32, of this rank, no empty dim.
 *
 * @param op    names the op in the message: `lstm`
 * @param names the dims: `[batch, time, features]`
 * @throws ShapeError naming the input, the expected shape and the given one
 */
export function checkNonEmpty(op: string, name: string, tensor: Tensor, names: string, rank: number): void {
  if (tensor.dtype !== 'float32') throw typeError(op, name, tensor);
  if (tensor.shape.length === rank && tensor.shape.every((size) => size >= 1)) return;
  throw new ShapeError(
    `${op} input "${name}": expected shape ${names} with every dim at least 1, got [${tensor.shape.join(', ')}]; pass ${rank} non-empty dims`,
  );
}

/**
 * Checks an input whose shape follows from other inputs: float32, of this shape.
 *
 * @param others the inputs that define the sizes: `x and recurrentKernel`
 * @throws ShapeError naming the input, the expected shape and the given one
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
      `${op} input "${name}": expected shape ${names} = [${shape.join(', ')}], got [${given.join(', ')}]; it must match ${others}`,
    );
  }
  if (tensor.dtype !== 'float32') throw typeError(op, name, tensor);
}

function typeError(op: string, name: string, { dtype }: Tensor): ShapeError {
  return new ShapeError(`${op} input "${name}": expected float32, got ${dtype}; cast it`);
}
