import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, Tensor } from '@tensorflow/tfjs-core';
import { registerKernel, tidy } from '@tensorflow/tfjs-core';
import { hasKernel } from '../hasKernel.ts';
import { readoutLossKernelName } from '../readoutLossOp.ts';
import { recurrentKernelNames } from '../recurrentOp.ts';
import { backwardSequence } from './backwardSequence.ts';
import { forwardSequence } from './forwardSequence.ts';
import { readoutLossOperations } from './readoutLossOperations.ts';

/** A kernel's work: tensors in and out in the op's order. */
type Operations<Attributes> = (inputs: readonly Tensor[], attributes: Attributes) => Tensor[];

/**
 * Registers the kernels of the recurrent op and of the read-out and loss op, written in TensorFlow.js operations, for a backend that has none of its own. Calling it again, or
 * for a backend that has them, does nothing.
 *
 * @param backendName TensorFlow.js's name of the backend, such as `wasm` or `webgpu`
 */
export function registerComposedKernels(backendName: string): void {
  const kernels: [name: string, kernelFunc: KernelConfig['kernelFunc']][] = [
    [recurrentKernelNames.forward, composedKernel(forwardSequence)],
    [recurrentKernelNames.backward, composedKernel(backwardSequence)],
    [readoutLossKernelName, composedKernel(readoutLossOperations)],
  ];
  for (const [kernelName, kernelFunc] of kernels) {
    if (hasKernel(kernelName, backendName)) continue;
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}

/** A kernel made of other kernels. The engine records nothing inside of one, and hands it the very tensors of the call. */
export function composedKernel<Attributes>(operations: Operations<Attributes>): KernelConfig['kernelFunc'] {
  return ({ inputs, attrs }: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap }) =>
    tidy(() => operations(Object.values(inputs) as Tensor[], attrs as unknown as Attributes));
}
