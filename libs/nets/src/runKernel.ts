import type { NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { ReadoutLossAttributes, readoutLossKernelName } from './readoutLossOp.ts';
import type { RecurrentAttributes, recurrentKernelNames } from './recurrentOp.ts';

type RecurrentKernel = (typeof recurrentKernelNames)[keyof typeof recurrentKernelNames];

/** Runs one of our kernels: tensors in and out in the order of recurrentOp.ts and readoutLossOp.ts, nothing checked. */
export function runKernel<Name extends RecurrentKernel | typeof readoutLossKernelName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: Name extends RecurrentKernel ? RecurrentAttributes : ReadoutLossAttributes,
): Tensor[] {
  // The engine takes a list as well as a map (its own Concat passes one), which its types leave out.
  const list = inputs as unknown as NamedTensorMap;
  return engine().runKernel<Tensor[]>(name, list, attributes as unknown as NamedAttrMap);
}
