import { constants } from 'node:os';
import type { KernelConfig, NamedTensorInfoMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { getKernel, registerKernel, scalar, square, tidy, unregisterKernel } from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';
import type {
  KernelCall,
  OptimizerAttributes,
  ReadoutLossAttributes,
  RecurrentAttributes,
} from '@onda/kernels';
import {
  inputList,
  optimizerFactors,
  optimizerKernelName,
  readoutLossKernelName,
  recurrentKernelNames,
} from '@onda/kernels';

const backendName = 'tensorflow';

const kernels: readonly KernelConfig[] = [
  { kernelName: recurrentKernelNames.forward, backendName, kernelFunc: recurrentForward },
  { kernelName: recurrentKernelNames.backward, backendName, kernelFunc: recurrentBackward },
  { kernelName: readoutLossKernelName, backendName, kernelFunc: readoutLoss },
  { kernelName: optimizerKernelName, backendName, kernelFunc: optimizer },
];

/**
 * Loads the library of native kernels and registers them for TensorFlow.js's `tensorflow` backend, which must be the current one.
 * Loads nothing if they are registered already: TensorFlow aborts the process when an op is registered twice.
 *
 * @param libraryPath absolute path of the library that build.mjs compiled on this machine
 * @throws Error if the library cannot be loaded
 */
export function registerNativeKernels(libraryPath: string): void {
  if (kernels.every((kernel) => maybeKernel(kernel)?.kernelFunc === kernel.kernelFunc)) return;
  // Running an op makes TensorFlow register its own ops, which must come first.
  tidy(() => {
    square(scalar(0));
  });
  // TensorFlow must see the library's symbols.
  process.dlopen({ exports: {} }, libraryPath, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL);
  for (const kernel of kernels) {
    if (maybeKernel(kernel) !== undefined) unregisterKernel(kernel.kernelName, kernel.backendName);
    registerKernel(kernel);
  }
}

/** The registered kernel of this name, if any. */
function maybeKernel({ kernelName, backendName }: KernelConfig): KernelConfig | undefined {
  return getKernel(kernelName, backendName);
}

/** An attribute of a TensorFlow op, in the format of tfjs-node's addon. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend that the kernels use. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
  };
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
  write(values: Float32Array, shape: number[], dtype: 'float32'): object;
  disposeData(dataId: object): boolean;
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

export function recurrentForward(call: KernelCall): TensorInfo[] {
  const { backend, attributes, opAttributes } = openCall(call);
  if (!attributes.training) opAttributes.push(flag(backend, 'training', false));
  return execute(backend, ops[attributes.cell].forward, opAttributes, call.inputs);
}

function recurrentBackward(call: KernelCall): TensorInfo[] {
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

/** Omits attributes with their default value: each costs a microsecond per call. */
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

export function readoutLoss({ inputs, backend: anyBackend, attrs }: KernelCall): TensorInfo[] {
  const backend = anyBackend as NativeBackend;
  const { TF_ATTR_STRING, TF_ATTR_FLOAT, TF_ATTR_BOOL } = backend.binding;
  const { loss, delta, levels, gradients } = attrs as unknown as ReadoutLossAttributes;
  // Attributes with their default value are omitted, as in openCall.
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

function optimizer({ inputs, backend: anyBackend, attrs }: KernelCall): TensorInfo[] {
  const backend = anyBackend as NativeBackend;
  const attributes = attrs as unknown as OptimizerAttributes;
  const variables = Math.floor((Object.keys(inputs).length - 1) / 2);
  const given = inputList('OndaOptimizer', inputs, 2 * Math.max(1, variables) + 1);
  // As a tensor: TensorFlow caches a kernel for every set of attributes, and these change every step.
  const factors = optimizerFactors(attributes);
  const dataId = backend.write(factors, [factors.length], 'float32');
  try {
    return backend.executeMultipleOutputs(
      'OndaOptimizer',
      [
        { name: 'variables', type: backend.binding.TF_ATTR_INT, value: variables },
        { name: 'kind', type: backend.binding.TF_ATTR_STRING, value: attributes.kind },
      ],
      [...given, { dataId, shape: [factors.length], dtype: 'float32' }],
      variables + 1,
    );
  } finally {
    backend.disposeData(dataId);
  }
}
