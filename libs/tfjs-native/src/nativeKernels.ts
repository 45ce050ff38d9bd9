import { constants } from 'node:os';
import { getKernel, registerKernel, scalar, square, tidy, unregisterKernel } from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { optimizerKernel } from './optimizerKernel.ts';
import { readoutLossKernel } from './readoutLossKernel.ts';
import { recurrentKernels } from './recurrentKernels.ts';

const kernels: readonly KernelConfig[] = [...recurrentKernels, optimizerKernel, readoutLossKernel];

/**
 * Loads the library of native kernels and registers them for TensorFlow.js's `tensorflow` backend, which must be the current one.
 * Where they are registered already nothing is loaded: TensorFlow ends the process when an op comes a second time.
 *
 * @param libraryPath absolute; what build.mjs made on this machine
 * @throws Error where the library cannot be loaded
 */
export function registerNativeKernels(libraryPath: string): void {
  if (kernels.every((kernel) => maybeKernel(kernel)?.kernelFunc === kernel.kernelFunc)) return;
  // TensorFlow takes new ops only when its own are there, which its first op sees to.
  tidy(() => {
    square(scalar(0));
  });
  // Its symbols must be seen by TensorFlow, not by Node alone.
  process.dlopen({ exports: {} }, libraryPath, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL);
  for (const kernel of kernels) {
    // A portable one may have come first.
    if (maybeKernel(kernel) !== undefined) unregisterKernel(kernel.kernelName, kernel.backendName);
    registerKernel(kernel);
  }
}

/** What TensorFlow.js has under this name, if anything. */
function maybeKernel({ kernelName, backendName }: KernelConfig): KernelConfig | undefined {
  return getKernel(kernelName, backendName);
}
