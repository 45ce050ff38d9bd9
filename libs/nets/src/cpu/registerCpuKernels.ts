import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { registerKernel } from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';
import { hasKernel } from '../kernels.ts';
import { losses } from '../losses.ts';
import type { ReadoutLossAttributes } from '../readoutLossOp.ts';
import { readoutLossKernelName } from '../readoutLossOp.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { gateCounts, recurrentKernelNames, reserveCounts } from '../recurrentOp.ts';
import type { CellInputs, CpuCell } from './cpuCell.ts';
import { gruCell } from './gruCell.ts';
import { lstmCell } from './lstmCell.ts';
import { addColumnSums, addProduct, fillRows, rowsOf, transposeOf } from './matrix.ts';
import { rnnCell } from './rnnCell.ts';

const backendName = 'cpu';
const nothing = new Float32Array(0);

/** Registers typed-array kernels of the recurrent op and the read-out and loss op for the `cpu` backend. Idempotent. */
export function registerCpuKernels(): void {
  const kernels: KernelConfig[] = [
    { kernelName: recurrentKernelNames.forward, backendName, kernelFunc: forwardKernel },
    { kernelName: recurrentKernelNames.backward, backendName, kernelFunc: backwardKernel },
    { kernelName: readoutLossKernelName, backendName, kernelFunc: readoutLossKernel },
  ];
  for (const kernel of kernels) {
    if (!hasKernel(kernel.kernelName, backendName)) registerKernel(kernel);
  }
}

function forwardKernel(call: KernelCall): TensorInfo[] {
  const { backend, tensors, ...opened } = openCall(call);
  const attributes = opened.attributes as RecurrentAttributes;
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
  const { backend, tensors, ...opened } = openCall(call);
  const attributes = opened.attributes as RecurrentAttributes;
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

const cpuCells = {
  rnn: rnnCell,
  lstm: lstmCell,
  gru: gruCell,
} satisfies Record<CellKind, CpuCell>;

/** The part of TensorFlow.js's `cpu` backend that the kernels use. */
interface CpuBackend {
  readonly data: { get(dataId: object): { values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** Arguments of a kernel function. */
interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}

/** The arguments of a kernel function, in the types of our kernels. */
function openCall({ inputs, backend, attrs }: KernelCall): {
  backend: CpuBackend;
  tensors: TensorInfo[];
  /** Attributes of the op. */
  attributes: unknown;
} {
  return {
    backend: backend as CpuBackend,
    tensors: Object.values(inputs) as TensorInfo[],
    attributes: attrs,
  };
}

/** The backend's own array without a copy: kernels only read it. Some TensorFlow.js kernels store plain arrays. */
function values(backend: CpuBackend, { dataId }: TensorInfo): Float32Array {
  const stored = backend.data.get(dataId).values;
  return stored instanceof Float32Array ? stored : Float32Array.from(stored);
}

/** The read-out and loss op on typed arrays, for the `cpu` backend. */
function readoutLossKernel(call: KernelCall): TensorInfo[] {
  const { backend, tensors, ...opened } = openCall(call);
  const attributes = opened.attributes as ReadoutLossAttributes;
  const [batch, time, units] = tensors[0].shape;
  const columns = tensors[1].shape[1];
  const outputs = tensors[3].shape[2];
  const samples = batch * time;
  const [hidden, kernel, bias, target] = tensors.map((tensor) => values(backend, tensor));

  const prediction = new Float32Array(samples * columns);
  const gradient = new Float32Array(samples * columns);
  const predictionRows = rowsOf(prediction, columns);
  fillRows(samples, predictionRows, bias);
  addProduct(samples, columns, units, rowsOf(hidden, units), rowsOf(kernel, columns), predictionRows);
  const loss = losses[attributes.loss]({ prediction, target, gradient, outputs }, attributes);
  const results = [
    backend.makeTensorInfo([], 'float32', Float32Array.of(loss)),
    backend.makeTensorInfo([batch, time, columns], 'float32', prediction),
  ];
  if (!attributes.gradients) return results;

  const dHidden = new Float32Array(samples * units);
  const dKernel = new Float32Array(units * columns);
  const dBias = new Float32Array(columns);
  const gradientRows = rowsOf(gradient, columns);
  addProduct(samples, units, columns, gradientRows, transposeOf(kernel, columns), rowsOf(dHidden, units));
  addProduct(units, columns, samples, transposeOf(hidden, units), gradientRows, rowsOf(dKernel, columns));
  addColumnSums(samples, columns, gradientRows, dBias);
  return [
    ...results,
    backend.makeTensorInfo([batch, time, units], 'float32', dHidden),
    backend.makeTensorInfo([units, columns], 'float32', dKernel),
    backend.makeTensorInfo([columns], 'float32', dBias),
  ];
}
