import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';

/** The arguments of a kernel of TensorFlow.js. */
export interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

/**
 * The input tensors of a kernel call, in order.
 *
 * @param op names the op in the message
 * @throws ShapeError for another number of inputs: with too many, TensorFlow reads past the end of the op's input list
 */
export function inputList(op: string, inputs: NamedTensorInfoMap, count: number): TensorInfo[] {
  const list = Object.values(inputs) as TensorInfo[];
  if (list.length === count) return list;
  throw new ShapeError(`${op}: expected ${count} inputs, got ${list.length}; pass them in the op's order`);
}
