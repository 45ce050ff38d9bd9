import type { KernelConfig, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { readoutLossKernelName } from '@onda/nets';
import type { NativeBackend } from './nativeBackend.ts';

export const readoutLossKernel: KernelConfig = {
  kernelName: readoutLossKernelName,
  backendName: 'tensorflow',
  kernelFunc: readoutLoss,
};

function readoutLoss({ inputs, backend }: { inputs: NamedTensorInfoMap; backend: object }): TensorInfo[] {
  const given = Object.values(inputs) as TensorInfo[];
  return (backend as NativeBackend).executeMultipleOutputs('OndaReadoutLoss', [], given, 5);
}
