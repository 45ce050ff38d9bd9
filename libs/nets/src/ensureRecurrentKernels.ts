import { getBackend } from '@tensorflow/tfjs-core';
import { registerComposedKernels } from './composed/registerComposedKernels.ts';
import { registerCpuKernels } from './cpu/registerCpuKernels.ts';
import { registerRecurrentGradient } from './recurrentGradient.ts';

/**
 * Makes the recurrent op run on TensorFlow.js's current backend: kernels that are registered for it stay (those in C++ for
 * `tensorflow`), `cpu` gets those on typed arrays, any other those composed of its operations. Cheap enough to call before every op.
 */
export function ensureRecurrentKernels(): void {
  registerRecurrentGradient();
  const backend = getBackend();
  if (backend === 'cpu') registerCpuKernels();
  else registerComposedKernels(backend);
}
