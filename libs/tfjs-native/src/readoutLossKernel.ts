import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { readoutLossKernelName } from '@onda/nets';
import type { ReadoutLossAttributes } from '@onda/nets';
import { inputList } from './nativeBackend.ts';
import type { NativeBackend, OpAttribute } from './nativeBackend.ts';

interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

export const readoutLossKernel: KernelConfig = {
  kernelName: readoutLossKernelName,
  backendName: 'tensorflow',
  kernelFunc: readoutLoss,
};

function readoutLoss({ inputs, backend: anyBackend, attrs }: KernelCall): TensorInfo[] {
  const backend = anyBackend as NativeBackend;
  const { TF_ATTR_STRING, TF_ATTR_FLOAT, TF_ATTR_BOOL } = backend.binding;
  const { loss, delta, levels, gradients } = attrs as unknown as ReadoutLossAttributes;
  // What has its usual value is left out, as in recurrentKernels.ts.
  const opAttributes: OpAttribute[] = [];
  if (loss !== 'mse') opAttributes.push({ name: 'kind', type: TF_ATTR_STRING, value: loss });
  if (loss === 'huber') opAttributes.push({ name: 'delta', type: TF_ATTR_FLOAT, value: delta });
  if (loss === 'quantile') opAttributes.push({ name: 'levels', type: TF_ATTR_FLOAT, value: levels });
  if (!gradients) opAttributes.push({ name: 'gradients', type: TF_ATTR_BOOL, value: false });
  const given = inputList('OndaReadoutLoss', inputs, 4);
  const results = backend.executeMultipleOutputs('OndaReadoutLoss', opAttributes, given, 5);
  if (gradients) return results;
  for (const empty of results.splice(2)) empty.dispose();
  return results;
}
