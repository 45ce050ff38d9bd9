import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

/** The part of TensorFlow.js's `cpu` backend that the kernels use. */
export interface CpuBackend {
  readonly data: { get(dataId: object): { values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** What TensorFlow.js hands a kernel. */
export interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

/** The parts of a call as our kernels see them. */
export function openCall({ inputs, backend, attrs }: KernelCall): {
  backend: CpuBackend;
  tensors: TensorInfo[];
  /** The op's attributes, which only its wrapper can have given. */
  attributes: unknown;
} {
  return {
    backend: backend as CpuBackend,
    tensors: Object.values(inputs) as TensorInfo[],
    attributes: attrs,
  };
}

/** The backend's own array, not a copy: kernels only read it. A few of TensorFlow.js's kernels leave plain arrays behind. */
export function values(backend: CpuBackend, { dataId }: TensorInfo): Float32Array {
  const stored = backend.data.get(dataId).values;
  return stored instanceof Float32Array ? stored : Float32Array.from(stored);
}
