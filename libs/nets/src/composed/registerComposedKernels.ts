import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, Tensor } from '@tensorflow/tfjs-core';
import { registerKernel, tidy } from '@tensorflow/tfjs-core';
import { hasKernel } from '../hasKernel.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { recurrentKernelNames } from '../recurrentOp.ts';
import { backwardSequence } from './backwardSequence.ts';
import { forwardSequence } from './forwardSequence.ts';

type Sequence = (inputs: readonly Tensor[], attributes: RecurrentAttributes) => Tensor[];

/**
 * Registers the recurrent kernels written in TensorFlow.js operations for a backend that has none of its own. Calling it again, or
 * for a backend that has them, does nothing.
 *
 * @param backendName TensorFlow.js's name of the backend, such as `wasm` or `webgpu`
 */
export function registerComposedKernels(backendName: string): void {
  const kernels: [name: string, sequence: Sequence][] = [
    [recurrentKernelNames.forward, forwardSequence],
    [recurrentKernelNames.backward, backwardSequence],
  ];
  for (const [kernelName, sequence] of kernels) {
    if (hasKernel(kernelName, backendName)) continue;
    registerKernel({ kernelName, backendName, kernelFunc: composedKernel(sequence) });
  }
}

/** A kernel made of other kernels. The engine records nothing inside of one, and hands it the very tensors of the call. */
export function composedKernel(sequence: Sequence): KernelConfig['kernelFunc'] {
  return ({ inputs, attrs }: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap }) =>
    tidy(() => sequence(Object.values(inputs) as Tensor[], attrs as unknown as RecurrentAttributes));
}
