import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { registerKernel } from '@tensorflow/tfjs-core';
import { hasKernel } from '../hasKernel.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { gateCounts, recurrentKernelNames, reserveCounts } from '../recurrentOp.ts';
import { readoutLossKernelName } from '../readoutLossOp.ts';
import type { CellInputs } from './cpuCell.ts';
import { cpuCells } from './cpuCells.ts';
import type { CpuBackend, KernelCall } from './cpuKernelCall.ts';
import { openCall, values } from './cpuKernelCall.ts';
import { readoutLossKernel } from './readoutLossKernel.ts';

const backendName = 'cpu';
const nothing = new Float32Array(0);

/** Registers the kernels of the recurrent op and of the read-out and loss op, on typed arrays for the `cpu` backend. Calling it again does nothing. */
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
