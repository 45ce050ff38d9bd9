import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { recurrentKernelNames } from '@onda/nets';
import type { RecurrentAttributes } from '@onda/nets';
import type { NativeBackend, OpAttribute } from './nativeBackend.ts';

interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

/** The TensorFlow ops of native/ops/recurrentOps.cc, and how many tensors they give. */
const ops = {
  rnn: { forward: 'OndaRnn', outputs: 3, backward: 'OndaRnnGrad', gradients: 6 },
  lstm: { forward: 'OndaLstm', outputs: 4, backward: 'OndaLstmGrad', gradients: 7 },
  gru: { forward: 'OndaGru', outputs: 3, backward: 'OndaGruGrad', gradients: 6 },
} as const;

export const recurrentKernels: readonly KernelConfig[] = [
  { kernelName: recurrentKernelNames.forward, backendName: 'tensorflow', kernelFunc: forward },
  { kernelName: recurrentKernelNames.backward, backendName: 'tensorflow', kernelFunc: backward },
];

function forward(call: KernelCall): TensorInfo[] {
  const { backend, attributes, opAttributes } = openCall(call);
  if (!attributes.training) opAttributes.push(flag(backend, 'training', false));
  const { forward: name, outputs } = ops[attributes.cell];
  return backend.executeMultipleOutputs(
    name,
    opAttributes,
    Object.values(call.inputs) as TensorInfo[],
    outputs,
  );
}

function backward(call: KernelCall): TensorInfo[] {
  const { backend, attributes, opAttributes } = openCall(call);
  if (!attributes.inputGradient) opAttributes.push(flag(backend, 'input_gradient', false));
  const { backward: name, gradients } = ops[attributes.cell];
  return backend.executeMultipleOutputs(
    name,
    opAttributes,
    Object.values(call.inputs) as TensorInfo[],
    gradients,
  );
}

/** What has its usual value is left out: each attribute costs a microsecond on its way to TensorFlow. */
function openCall(call: KernelCall): {
  backend: NativeBackend;
  attributes: RecurrentAttributes;
  opAttributes: OpAttribute[];
} {
  const backend = call.backend as NativeBackend;
  const attributes = call.attrs as unknown as RecurrentAttributes;
  const { cell, activation, resetAfter, reverse } = attributes;
  const opAttributes: OpAttribute[] = [];
  if (cell === 'rnn' && activation === 'relu') opAttributes.push(flag(backend, 'relu', true));
  if (cell === 'gru' && !resetAfter) opAttributes.push(flag(backend, 'reset_after', false));
  if (reverse) opAttributes.push(flag(backend, 'reverse', true));
  return { backend, attributes, opAttributes };
}

function flag({ binding }: NativeBackend, name: string, value: boolean): OpAttribute {
  return { name, type: binding.TF_ATTR_BOOL, value };
}
