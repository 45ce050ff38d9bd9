import type { KernelConfig } from '@tensorflow/tfjs-core';
import { getKernel } from '@tensorflow/tfjs-core';

/** Whether TensorFlow.js has a kernel of this name for this backend. */
export function hasKernel(kernelName: string, backendName: string): boolean {
  // Its declared type leaves out that there may be none.
  return (getKernel(kernelName, backendName) as KernelConfig | undefined) !== undefined;
}
