import type { KernelConfig } from '@tensorflow/tfjs-core';
import { getBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core';
import { optimizerKernelName } from '@onda/nets';
import { composedOptimizerKernel } from './composedOptimizerKernel.ts';
import { cpuOptimizerKernel } from './cpuOptimizerKernel.ts';

/**
 * Makes the optimizer op run on TensorFlow.js's current backend: a kernel that is registered for it stays (the one in C++ for
 * `tensorflow`), `cpu` gets the one on typed arrays, any other the one composed of its operations.
 */
export function ensureOptimizerKernel(): void {
  const backendName = getBackend();
  // Its declared type leaves out that there may be none.
  const registered = getKernel(optimizerKernelName, backendName) as KernelConfig | undefined;
  if (registered !== undefined) return;
  registerKernel({
    kernelName: optimizerKernelName,
    backendName,
    kernelFunc: backendName === 'cpu' ? cpuOptimizerKernel : composedOptimizerKernel,
  });
}
