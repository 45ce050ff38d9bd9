import { ShapeError } from '@onda/contract';
import type { NamedTensorInfoMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** An attribute of a TensorFlow op, as tfjs-node's addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend that the kernels use. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
  };
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
  write(values: Float32Array, shape: number[], dtype: 'float32'): object;
  disposeData(dataId: object): boolean;
}

/**
 * The tensors of a kernel's call in their order.
 *
 * @throws ShapeError for another number of them: TensorFlow reads past the end of an op's list of inputs when it is given too many
 */
export function inputList(op: string, inputs: NamedTensorInfoMap, count: number): TensorInfo[] {
  const list = Object.values(inputs) as TensorInfo[];
  if (list.length === count) return list;
  throw new ShapeError(`${op}: expected ${count} inputs, got ${list.length}; give them in the op's order`);
}
