import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { describePyTorchGradients } from './testing/pytorchGradientTests.ts';

describePyTorchGradients({
  name: 'cpu',
  setup: async () => {
    await setBackend('cpu');
  },
});
