import type { NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes, recurrentKernelNames } from './recurrentOp.ts';

type KernelName = (typeof recurrentKernelNames)[keyof typeof recurrentKernelNames];

/** Runs one of the recurrent kernels: tensors in and out in the order of recurrentOp.ts, nothing checked. */
export function runKernel(
  name: KernelName,
  inputs: readonly Tensor[],
  attributes: RecurrentAttributes,
): Tensor[] {
  // The engine takes a list as well as a map (its own Concat passes one), which its types leave out.
  const list = inputs as unknown as NamedTensorMap;
  return engine().runKernel<Tensor[]>(name, list, attributes as unknown as NamedAttrMap);
}
