import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { registerKernel } from '@tensorflow/tfjs-core';
import { hasKernel } from '../hasKernel.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { gateCounts, recurrentKernelNames, reserveCounts } from '../recurrentOp.ts';
import type { CellInputs } from './cpuCell.ts';
import { cpuCells } from './cpuCells.ts';

/** The part of TensorFlow.js's `cpu` backend that the kernels use. */
interface CpuBackend {
  readonly data: { get(dataId: object): { values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

const backendName = 'cpu';
const nothing = new Float32Array(0);

/** Registers the recurrent kernels on typed arrays for the `cpu` backend. Calling it again does nothing. */
export function registerCpuKernels(): void {
  const kernels: KernelConfig[] = [
    { kernelName: recurrentKernelNames.forward, backendName, kernelFunc: forwardKernel },
    { kernelName: recurrentKernelNames.backward, backendName, kernelFunc: backwardKernel },
  ];
  for (const kernel of kernels) {
    if (!hasKernel(kernel.kernelName, backendName)) registerKernel(kernel);
  }
}

function forwardKernel(call: KernelCall): TensorInfo[] {
  const { backend, tensors, attributes } = openCall(call);
  const inputs = cellInputs(backend, tensors, attributes);
  const { batch, time, units } = inputs.sizes;
  const lstm = attributes.cell === 'lstm';
  const outputs = {
    y: new Float32Array(batch * time * units),
    h: new Float32Array(batch * units),
    c: lstm ? new Float32Array(batch * units) : nothing,
    reserve: new Float32Array(batch * time * reserveCounts[attributes.cell] * units),
  };
  cpuCells[attributes.cell].forward(inputs, outputs);
  const state = [batch, units];
  return [
    backend.makeTensorInfo([batch, time, units], 'float32', outputs.y),
    backend.makeTensorInfo(state, 'float32', outputs.h),
    ...(lstm ? [backend.makeTensorInfo(state, 'float32', outputs.c)] : []),
    attributes.training
      ? backend.makeTensorInfo(
          [batch, time, reserveCounts[attributes.cell] * units],
          'float32',
          outputs.reserve,
        )
      : backend.makeTensorInfo([0], 'float32', nothing),
  ];
}

function backwardKernel(call: KernelCall): TensorInfo[] {
  const { backend, tensors, attributes } = openCall(call);
  const inputs = cellInputs(backend, tensors, attributes);
  const { batch, time, features, units } = inputs.sizes;
  const lstm = attributes.cell === 'lstm';
  const columns = gateCounts[attributes.cell] * units;
  const [y, reserve, dy, dh, dc] = tensors.slice(lstm ? 7 : 6).map((tensor) => values(backend, tensor));
  const gradients = {
    dx: attributes.inputGradient ? new Float32Array(batch * time * features) : nothing,
    dKernel: new Float32Array(features * columns),
    dRecurrentKernel: new Float32Array(units * columns),
    dBias: new Float32Array(columns),
    dRecurrentBias: new Float32Array(columns),
    dh0: new Float32Array(batch * units),
    dc0: lstm ? new Float32Array(batch * units) : nothing,
  };
  cpuCells[attributes.cell].backward({ ...inputs, y, reserve, dy, dh, dc: lstm ? dc : nothing }, gradients);
  const state = [batch, units];
  return [
    backend.makeTensorInfo(attributes.inputGradient ? [batch, time, features] : [0], 'float32', gradients.dx),
    backend.makeTensorInfo([features, columns], 'float32', gradients.dKernel),
    backend.makeTensorInfo([units, columns], 'float32', gradients.dRecurrentKernel),
    backend.makeTensorInfo([columns], 'float32', gradients.dBias),
    backend.makeTensorInfo([columns], 'float32', gradients.dRecurrentBias),
    backend.makeTensorInfo(state, 'float32', gradients.dh0),
    ...(lstm ? [backend.makeTensorInfo(state, 'float32', gradients.dc0)] : []),
  ];
}

function openCall({ inputs, backend, attrs }: KernelCall): {
  backend: CpuBackend;
  tensors: TensorInfo[];
  attributes: RecurrentAttributes;
} {
  return {
    backend: backend as CpuBackend,
    tensors: Object.values(inputs) as TensorInfo[],
    attributes: attrs as unknown as RecurrentAttributes,
  };
}

function cellInputs(backend: CpuBackend, tensors: TensorInfo[], attributes: RecurrentAttributes): CellInputs {
  const [x, kernel, recurrentKernel, bias, recurrentBias, h0, c0] = tensors;
  const [batch, time, features] = x.shape;
  return {
    sizes: { batch, time, features, units: recurrentKernel.shape[0] },
    attributes,
    x: values(backend, x),
    kernel: values(backend, kernel),
    recurrentKernel: values(backend, recurrentKernel),
    bias: values(backend, bias),
    recurrentBias: values(backend, recurrentBias),
    h0: values(backend, h0),
    c0: attributes.cell === 'lstm' ? values(backend, c0) : nothing,
  };
}

/** The backend's own array, not a copy: kernels only read it. A few of TensorFlow.js's kernels leave plain arrays behind. */
function values(backend: CpuBackend, { dataId }: TensorInfo): Float32Array {
  const stored = backend.data.get(dataId).values;
  return stored instanceof Float32Array ? stored : Float32Array.from(stored);
}
