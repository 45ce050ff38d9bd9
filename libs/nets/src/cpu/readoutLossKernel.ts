import type { TensorInfo } from '@tensorflow/tfjs-core';
import { losses } from '../losses/losses.ts';
import type { ReadoutLossAttributes } from '../readoutLossOp.ts';
import { addProduct } from './addProduct.ts';
import type { KernelCall } from './cpuKernelCall.ts';
import { openCall, values } from './cpuKernelCall.ts';
import { rowsOf, transposeOf } from './matrix.ts';
import { addColumnSums, fillRows } from './rows.ts';

/** The read-out and loss op on typed arrays, for the `cpu` backend. */
export function readoutLossKernel(call: KernelCall): TensorInfo[] {
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
  const loss = losses[attributes.loss].onArrays({ prediction, target, gradient, outputs }, attributes);
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
