import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { registerCpuKernels } from './registerCpuKernels.ts';
import { describeRecurrentKernels } from '../testing/recurrentConformance.ts';

describeRecurrentKernels({
  name: 'cpu, typed arrays',
  setup: async () => {
    await setBackend('cpu');
    registerCpuKernels();
  },
});
