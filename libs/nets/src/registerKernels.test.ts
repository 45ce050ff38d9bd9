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
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '@onda/contract';
import { readoutLossKernelName } from './readoutLossOp.ts';
import { recurrentKernelNames } from './recurrentOp.ts';
import { ensureRecurrentKernels } from './registerKernels.ts';

describe(ensureRecurrentKernels, () => {
  const warn = vi.spyOn(console, 'warn');
  afterAll(() => {
    warn.mockRestore();
  });

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
        'TensorFlow.js backend "plain": expected kernels OndaRecurrent, OndaRecurrentGrad, OndaReadoutLoss, got none for OndaRecurrent, OndaRecurrentGrad, OndaReadoutLoss; call setBackend(\'cpu\'), open the native kernels with openBackend of @onda/tfjs-native, or register kernels of these names for "plain"',
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

  it('registers the typed-array kernels for cpu once, without a warning of double registration', async () => {
    await setBackend('cpu');
    warn.mockClear();
    ensureRecurrentKernels();
    const first = kernel('cpu');
    ensureRecurrentKernels();
    expect(kernel('cpu')).toBe(first);
    expect(warn).not.toHaveBeenCalled();
  });
});
