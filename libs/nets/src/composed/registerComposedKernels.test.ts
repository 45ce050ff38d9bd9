import '@tensorflow/tfjs-backend-cpu';
import {
  copyRegisteredKernels,
  findBackendFactory,
  registerBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { registerComposedKernels } from './registerComposedKernels.ts';
import { describeRecurrentKernels } from '../testing/recurrentConformance.ts';

describeRecurrentKernels({
  name: 'operations of another backend',
  setup: async () => {
    // A backend that has all of the `cpu` backend's kernels and none of ours.
    registerBackend('borrowed', findBackendFactory('cpu'));
    copyRegisteredKernels('cpu', 'borrowed');
    await setBackend('borrowed');
    registerComposedKernels('borrowed');
  },
});
