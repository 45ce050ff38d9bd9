import { describePyTorchGradients, describeRecurrentKernels } from '@onda/nets/testing';
import { describe, it } from 'vitest';
import { nativeKernelsHere } from './testing/nativeKernelsHere.ts';

if (await nativeKernelsHere()) {
  describeRecurrentKernels({ name: 'tensorflow, kernels in C++', setup: () => undefined });
  describePyTorchGradients({ name: 'tensorflow, kernels in C++', setup: () => undefined });
} else {
  describe('recurrent kernels: tensorflow, kernels in C++', () => {
    it.skip('the native kernels are not set up');
  });
}
