import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { recurrentKernelNames } from '@onda/nets';
import type { RecurrentAttributes } from '@onda/nets';
import type { CellKind } from '@onda/contract';
import { inputList } from './nativeBackend.ts';
import type { NativeBackend, OpAttribute } from './nativeBackend.ts';

interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

interface Op {
  name: string;
  inputs: number;
  outputs: number;
}

/** The TensorFlow ops of native/ops/recurrentOps.cc. */
const ops: Record<CellKind, { forward: Op; backward: Op }> = {
  rnn: {
    forward: { name: 'OndaRnn', inputs: 6, outputs: 3 },
    backward: { name: 'OndaRnnGrad', inputs: 10, outputs: 6 },
  },
  lstm: {
    forward: { name: 'OndaLstm', inputs: 7, outputs: 4 },
    backward: { name: 'OndaLstmGrad', inputs: 12, outputs: 7 },
  },
  gru: {
    forward: { name: 'OndaGru', inputs: 6, outputs: 3 },
    backward: { name: 'OndaGruGrad', inputs: 10, outputs: 6 },
  },
};

export const recurrentKernels: readonly KernelConfig[] = [
  { kernelName: recurrentKernelNames.forward, backendName: 'tensorflow', kernelFunc: forward },
  { kernelName: recurrentKernelNames.backward, backendName: 'tensorflow', kernelFunc: backward },
];

function forward(call: KernelCall): TensorInfo[] {
  const { backend, attributes, opAttributes } = openCall(call);
  if (!attributes.training) opAttributes.push(flag(backend, 'training', false));
  return execute(backend, ops[attributes.cell].forward, opAttributes, call.inputs);
}

function backward(call: KernelCall): TensorInfo[] {
  const { backend, attributes, opAttributes } = openCall(call);
  if (!attributes.inputGradient) opAttributes.push(flag(backend, 'input_gradient', false));
  return execute(backend, ops[attributes.cell].backward, opAttributes, call.inputs);
}

function execute(
  backend: NativeBackend,
  op: Op,
  attributes: readonly OpAttribute[],
  inputs: NamedTensorInfoMap,
): TensorInfo[] {
  const { name, inputs: count, outputs } = op;
  return backend.executeMultipleOutputs(name, attributes, inputList(name, inputs, count), outputs);
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
