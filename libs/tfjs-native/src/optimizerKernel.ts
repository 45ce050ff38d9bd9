import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { optimizerKernelName } from '@onda/nets';
import type { OptimizerAttributes } from '@onda/nets';
import { inputList } from './nativeBackend.ts';
import type { NativeBackend } from './nativeBackend.ts';

interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

export const optimizerKernel: KernelConfig = {
  kernelName: optimizerKernelName,
  backendName: 'tensorflow',
  kernelFunc: optimizer,
};

function optimizer({ inputs, backend: anyBackend, attrs }: KernelCall): TensorInfo[] {
  const backend = anyBackend as NativeBackend;
  const attributes = attrs as unknown as OptimizerAttributes;
  const variables = Math.floor((Object.keys(inputs).length - 1) / 2);
  const given = inputList('OndaOptimizer', inputs, 2 * Math.max(1, variables) + 1);
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

/**
 * What the op multiplies with, computed in double precision: the fields of OptimizerFactors in native/core/optimizer.h, in its order.
 * They go as a tensor, not as attributes: TensorFlow keeps a kernel for every set of attributes that it has seen, and these change
 * with every step.
 */
export function optimizerFactors(attributes: OptimizerAttributes): Float32Array<ArrayBuffer> {
  const { kind, learningRate, beta1, beta2, smoothing, epsilon, momentum, weightDecay, clipNorm, step } =
    attributes;
  const adam = kind === 'adam' || kind === 'adamw';
  const second = adam ? beta2 : smoothing;
  return Float32Array.of(
    adam ? learningRate / (1 - beta1 ** step) : learningRate,
    1 - beta1,
    second,
    1 - second,
    Math.sqrt(1 - beta2 ** step),
    epsilon,
    step === 1 ? 0 : momentum,
    kind === 'adamw' ? 0 : weightDecay,
    kind === 'adamw' ? 1 - learningRate * weightDecay : 1,
    clipNorm,
  );
}
