import { constants } from 'node:os';
import { getKernel, registerKernel, scalar, square, tidy } from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { optimizerKernel } from './optimizerKernel.ts';
import { recurrentKernels } from './recurrentKernels.ts';

const libraries = new Set<string>();

/**
 * Loads the library of native kernels and registers them for TensorFlow.js's `tensorflow` backend, which must be the current one.
 * Calling it again does nothing.
 *
 * @param libraryPath absolute; what build.mjs made on this machine
 * @throws Error where the library cannot be loaded
 */
export function registerNativeKernels(libraryPath: string): void {
  if (!libraries.has(libraryPath)) {
    // TensorFlow takes new ops only when its own are there, which its first op sees to.
    tidy(() => void square(scalar(0)));
    // Its symbols must be seen by TensorFlow, not by Node alone.
    process.dlopen({ exports: {} }, libraryPath, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL);
    libraries.add(libraryPath);
  }
  for (const kernel of [...recurrentKernels, optimizerKernel]) {
    const registered = getKernel(kernel.kernelName, kernel.backendName) as KernelConfig | undefined;
    if (registered === undefined) registerKernel(kernel);
  }
}
