import '@tensorflow/tfjs-backend-cpu';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import {
  copyRegisteredKernels,
  findBackendFactory,
  getKernel,
  registerBackend,
  registerKernel,
  setBackend,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '@onda/contract';
import { readoutLossKernelName, recurrentKernelNames } from '@onda/kernels';
import { ensureRecurrentKernels } from './registerKernels.ts';

describe(ensureRecurrentKernels, () => {
  /** A backend with all kernels of `cpu` but ours. */
  const copyOfCpu = async (name: string): Promise<void> => {
    registerBackend(name, findBackendFactory('cpu'));
    copyRegisteredKernels('cpu', name);
    await setBackend(name);
  };
  const kernel = (backend: string): KernelConfig => getKernel(recurrentKernelNames.forward, backend);

  it('rejects a backend without recurrent kernels and says what to register', async () => {
    await copyOfCpu('plain');
    expect(() => {
      ensureRecurrentKernels();
    }).toThrow(
      new ConfigError(
        'TensorFlow.js backend "plain": expected kernels OndaRecurrent, OndaRecurrentGrad, OndaReadoutLoss, got none for OndaRecurrent, OndaRecurrentGrad, OndaReadoutLoss; call openWasmBackend of @onda/kernels, or openBackend of @onda/tfjs-native in Node',
      ),
    );
  });

  it('keeps the kernels of a backend that has them', async () => {
    await copyOfCpu('native');
    const own = [recurrentKernelNames.forward, recurrentKernelNames.backward, readoutLossKernelName].map(
      (kernelName): KernelConfig => ({ kernelName, backendName: 'native', kernelFunc: () => [] }),
    );
    own.forEach(registerKernel);
    ensureRecurrentKernels();
    expect(kernel('native')).toBe(own[0]);
  });
});
