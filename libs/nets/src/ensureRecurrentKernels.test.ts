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
import { ensureRecurrentKernels } from './ensureRecurrentKernels.ts';
import { recurrentKernelNames } from './recurrentOp.ts';

describe(ensureRecurrentKernels, () => {
  const warn = vi.spyOn(console, 'warn');
  afterAll(() => {
    warn.mockRestore();
  });

  const borrow = async (name: string): Promise<void> => {
    registerBackend(name, findBackendFactory('cpu'));
    copyRegisteredKernels('cpu', name);
    await setBackend(name);
  };
  const kernel = (backend: string): KernelConfig => getKernel(recurrentKernelNames.forward, backend);

  it('gives a backend without recurrent kernels the composed ones, once', async () => {
    await borrow('plain');
    ensureRecurrentKernels();
    const first = kernel('plain');
    ensureRecurrentKernels();
    expect(first.kernelFunc).toBeTypeOf('function');
    expect(kernel('plain')).toBe(first);
  });

  it('keeps the kernels that a backend has', async () => {
    await borrow('native');
    const own: KernelConfig = {
      kernelName: recurrentKernelNames.forward,
      backendName: 'native',
      kernelFunc: () => [],
    };
    registerKernel(own);
    ensureRecurrentKernels();
    expect(kernel('native')).toBe(own);
  });

  it('gives the cpu backend the ones on typed arrays, without a warning of double registration', async () => {
    await setBackend('cpu');
    warn.mockClear();
    ensureRecurrentKernels();
    ensureRecurrentKernels();
    expect(kernel('cpu').kernelFunc).not.toBe(kernel('plain').kernelFunc);
    expect(warn).not.toHaveBeenCalled();
  });
});
