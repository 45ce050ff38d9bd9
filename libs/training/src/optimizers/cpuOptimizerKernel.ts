import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { OptimizerAttributes } from '@onda/nets';
import { clipScale, cpuFormulas } from './cpuFormulas.ts';

/** The part of TensorFlow.js's `cpu` backend that the kernel uses. */
interface CpuBackend {
  readonly data: { get(dataId: object): { values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** The optimizer op on typed arrays, for the `cpu` backend. */
export function cpuOptimizerKernel(call: {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}): TensorInfo[] {
  const backend = call.backend as CpuBackend;
  const attributes = call.attrs as unknown as OptimizerAttributes;
  const tensors = Object.values(call.inputs) as TensorInfo[];
  const count = (tensors.length - 1) / 2;
  const arrays = tensors.map((tensor) => values(backend, tensor));
  const params = arrays.slice(0, count);
  const grads = arrays.slice(count, 2 * count);
  const slots = arrays[2 * count];
  const newSlots = new Float32Array(slots.length);
  const total = params.reduce((sum, { length }) => sum + length, 0);
  const gradScale = clipScale(grads, attributes.clipNorm);
  const formula = cpuFormulas[attributes.kind];
  let offset = 0;
  const outputs = params.map((param, index) => {
    const size = param.length;
    const newParam = new Float32Array(size);
    formula(
      { size, param, grad: grads[index], newParam, slots, newSlots, offset, total, gradScale },
      attributes,
    );
    offset += size;
    return backend.makeTensorInfo(tensors[index].shape, 'float32', newParam);
  });
  return [...outputs, backend.makeTensorInfo([slots.length], 'float32', newSlots)];
}

/** The backend's own array, not a copy: the kernel only reads it. A few of TensorFlow.js's kernels leave plain arrays behind. */
function values(backend: CpuBackend, { dataId }: TensorInfo): Float32Array {
  const stored = backend.data.get(dataId).values;
  return stored instanceof Float32Array ? stored : Float32Array.from(stored);
}
