import { sampleAt } from '../recurrentOp.ts';
import type { CellGradientInputs, CellGradients, CellInputs, CellOutputs, CpuCell } from './cpuCell.ts';
import { tanhInPlace } from './gateFunctions.ts';
import {
  addColumnSums,
  addProduct,
  copyRows,
  fillRows,
  previousStates,
  rowsOf,
  transposeOf,
} from './matrix.ts';

/** h_t = act(x_t W + b + h_(t-1) R + rb). The sums accumulate in y; the activation is applied in place. */
export const rnnCell: CpuCell = { forward, backward };

function forward(inputs: CellInputs, { y, h }: CellOutputs): void {
  const { sizes, attributes, x, kernel, recurrentKernel, bias, recurrentBias, h0 } = inputs;
  const { batch, time, features, units } = sizes;
  const samples = batch * time;
  const all = rowsOf(y, units);
  fillRows(samples, all, bias, recurrentBias);
  addProduct(samples, units, features, rowsOf(x, features), rowsOf(kernel, units), all);

  const activate = attributes.activation === 'relu' ? reluInPlace : tanhInPlace;
  const weights = rowsOf(recurrentKernel, units);
  const start = rowsOf(h0, units);
  const before = rowsOf(y, time * units);
  const now = rowsOf(y, time * units);
  for (let step = 0; step < time; step++) {
    now.offset = sampleAt(step, time, attributes.reverse) * units;
    addProduct(batch, units, units, step === 0 ? start : before, weights, now);
    for (let row = 0; row < batch; row++) {
      const at = now.offset + row * now.rowStride;
      activate(y, at, at + units);
    }
    before.offset = now.offset;
  }
  copyRows(batch, units, now, rowsOf(h, units));
}

function reluInPlace(values: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) values[i] = Math.max(0, values[i]);
}

function backward(inputs: CellGradientInputs, gradients: CellGradients): void {
  const { sizes, attributes, x, kernel, recurrentKernel, h0, y, dy, dh } = inputs;
  const { batch, time, features, units } = sizes;
  const samples = batch * time;
  const relu = attributes.activation === 'relu';
  // Gradients of the sums inside the activation.
  const dSums = new Float32Array(samples * units);
  const weights = transposeOf(recurrentKernel, units);
  const now = rowsOf(dSums, time * units);
  // Gradient of h from later samples; after the loop the gradient of h0.
  const later = gradients.dh0;
  const laterRows = rowsOf(later, units);
  later.set(dh);
  for (let step = time - 1; step >= 0; step--) {
    now.offset = sampleAt(step, time, attributes.reverse) * units;
    for (let row = 0; row < batch; row++) {
      const at = now.offset + row * now.rowStride;
      for (let j = 0; j < units; j++) {
        const value = y[at + j];
        const slope = relu ? (value > 0 ? 1 : 0) : 1 - value * value;
        dSums[at + j] = (dy[at + j] + later[row * units + j]) * slope;
        later[row * units + j] = 0;
      }
    }
    addProduct(batch, units, units, now, weights, laterRows);
  }

  const all = rowsOf(dSums, units);
  const previous = previousStates(y, h0, sizes, attributes.reverse);
  addProduct(
    units,
    units,
    samples,
    transposeOf(previous, units),
    all,
    rowsOf(gradients.dRecurrentKernel, units),
  );
  addProduct(features, units, samples, transposeOf(x, features), all, rowsOf(gradients.dKernel, units));
  addColumnSums(samples, units, all, gradients.dBias);
  gradients.dRecurrentBias.set(gradients.dBias);
  if (attributes.inputGradient) {
    addProduct(samples, features, units, all, transposeOf(kernel, units), rowsOf(gradients.dx, features));
  }
}
