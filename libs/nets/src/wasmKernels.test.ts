import { openWasmBackend } from '@onda/kernels';
import { describePyTorchGradients } from './testing/pytorchGradientTests.ts';
import { describeRecurrentKernels } from './testing/recurrentConformance.ts';

const setup = async (): Promise<void> => {
  await openWasmBackend();
};

describeRecurrentKernels({ name: 'wasm', setup });
describePyTorchGradients({ name: 'wasm', setup });
