import { reserveCounts, sampleAt } from '../recurrentOp.ts';
import type { CellGradientInputs, CellGradients, CellInputs, CellOutputs, CpuCell } from './cpuCell.ts';
import { sigmoidInPlace, tanhInPlace } from './gateFunctions.ts';
import type { Matrix } from './matrix.ts';
import {
  addColumnSums,
  addProduct,
  copyRows,
  fillRows,
  previousStates,
  rowsOf,
  transposeOf,
} from './matrix.ts';

/**
 * r, z = sigmoid(...); n = tanh(...); h_t = (1 - z) n + z h_(t-1). The sums accumulate in the reserve, where the gates replace
 * them: r, z, n, and last the recurrent part of n (resetAfter) or r h_(t-1).
 */
export const gruCell: CpuCell = { forward, backward };

function forward(inputs: CellInputs, outputs: CellOutputs): void {
  const { sizes, attributes, x, kernel, recurrentKernel, bias, recurrentBias, h0 } = inputs;
  const { batch, time, features, units } = sizes;
  const { y, reserve } = outputs;
  const samples = batch * time;
  const width = reserveCounts.gru * units;
  const all = rowsOf(reserve, width);
  fillRows(samples, all, bias, recurrentBias);
  if (attributes.resetAfter) {
    // The reset gate is applied to the recurrent bias of n too, so that bias initializes the last block.
    fillRows(samples, rowsOf(reserve, width, 2 * units), bias.subarray(2 * units));
    fillRows(samples, rowsOf(reserve, width, 3 * units), recurrentBias.subarray(2 * units));
  }
  addProduct(samples, 3 * units, features, rowsOf(x, features), rowsOf(kernel, 3 * units), all);

  const weights = rowsOf(recurrentKernel, 3 * units);
  const weightsN = rowsOf(recurrentKernel, 3 * units, 2 * units);
  const before = rowsOf(y, time * units);
  const gates = rowsOf(reserve, time * width);
  const n = rowsOf(reserve, time * width);
  const last = rowsOf(reserve, time * width);
  for (let step = 0; step < time; step++) {
    const sample = sampleAt(step, time, attributes.reverse);
    const previous = step === 0 ? rowsOf(h0, units) : before;
    gates.offset = sample * width;
    n.offset = gates.offset + 2 * units;
    last.offset = gates.offset + 3 * units;
    addProduct(batch, 2 * units, units, previous, weights, gates);
    resetAndUpdate(batch, units, gates);
    if (attributes.resetAfter) {
      addProduct(batch, units, units, previous, weightsN, last);
    } else {
      resetStates(batch, units, gates, previous);
      addProduct(batch, units, units, last, weightsN, n);
    }
    newStates(inputs, y, gates, previous, sample);
    before.offset = sample * units;
  }
  copyRows(batch, units, before, rowsOf(outputs.h, units));
}

/** Computes r and z, the first two blocks of a sample's reserve. */
function resetAndUpdate(batch: number, units: number, { data, offset, rowStride }: Matrix): void {
  for (let row = 0; row < batch; row++) {
    const at = offset + row * rowStride;
    sigmoidInPlace(data, at, at + 2 * units);
  }
}

/** Writes r h_(t-1) to the last block. */
function resetStates(batch: number, units: number, gates: Matrix, previous: Matrix): void {
  for (let row = 0; row < batch; row++) {
    const at = gates.offset + row * gates.rowStride;
    const from = previous.offset + row * previous.rowStride;
    for (let j = 0; j < units; j++)
      gates.data[at + 3 * units + j] = gates.data[at + j] * previous.data[from + j];
  }
}

/** Computes n and h_t. */
function newStates(
  inputs: CellInputs,
  y: Float32Array,
  gates: Matrix,
  previous: Matrix,
  sample: number,
): void {
  const { batch, time, units } = inputs.sizes;
  const { resetAfter } = inputs.attributes;
  const { data } = gates;
  for (let row = 0; row < batch; row++) {
    const at = gates.offset + row * gates.rowStride;
    const from = previous.offset + row * previous.rowStride;
    const to = (row * time + sample) * units;
    if (resetAfter) {
      for (let j = at; j < at + units; j++) data[j + 2 * units] += data[j] * data[j + 3 * units];
    }
    tanhInPlace(data, at + 2 * units, at + 3 * units);
    for (let j = 0; j < units; j++) {
      const n = data[at + 2 * units + j];
      y[to + j] = n + data[at + units + j] * (previous.data[from + j] - n);
    }
  }
}

function backward(inputs: CellGradientInputs, gradients: CellGradients): void {
  const { sizes, attributes, x, kernel, reserve, h0, y } = inputs;
  const { batch, time, features, units } = sizes;
  const { dKernel, dRecurrentKernel, dBias, dRecurrentBias, dx } = gradients;
  const samples = batch * time;
  const previous = previousStates(y, h0, sizes, attributes.reverse);
  const dGates = gateGradients(inputs, gradients, previous);

  // Columns of dGates: r, z, n of the recurrent product, n of the input product.
  const width = 4 * units;
  const all = rowsOf(dGates, width);
  const recurrentN = rowsOf(dGates, width, 2 * units);
  const inputN = rowsOf(dGates, width, 3 * units);
  const states = transposeOf(previous, units);
  if (attributes.resetAfter) {
    addProduct(units, 3 * units, samples, states, all, rowsOf(dRecurrentKernel, 3 * units));
  } else {
    const reset = transposeOf(reserve, reserveCounts.gru * units, 3 * units);
    addProduct(units, 2 * units, samples, states, all, rowsOf(dRecurrentKernel, 3 * units));
    addProduct(units, units, samples, reset, recurrentN, rowsOf(dRecurrentKernel, 3 * units, 2 * units));
  }
  addColumnSums(samples, 3 * units, all, dRecurrentBias);
  addProduct(features, 2 * units, samples, transposeOf(x, features), all, rowsOf(dKernel, 3 * units));
  addProduct(
    features,
    units,
    samples,
    transposeOf(x, features),
    inputN,
    rowsOf(dKernel, 3 * units, 2 * units),
  );
  addColumnSums(samples, 2 * units, all, dBias);
  addColumnSums(samples, units, inputN, dBias, 2 * units);
  if (attributes.inputGradient) {
    addProduct(samples, features, 2 * units, all, transposeOf(kernel, 3 * units), rowsOf(dx, features));
    addProduct(
      samples,
      features,
      units,
      inputN,
      transposeOf(kernel, 3 * units, 2 * units),
      rowsOf(dx, features),
    );
  }
}

/**
 * Backpropagation through time; dh0 accumulates the gradient of h from later samples.
 *
 * @param previous h_(t-1) of every sample, [batch, time, units]
 * @returns gradients of the sums inside the gates, [batch, time, 4 * units]: r, z, n of the recurrent product, n of the input
 * product (the two differ by the reset gate with resetAfter)
 */
function gateGradients(
  inputs: CellGradientInputs,
  { dh0: later }: CellGradients,
  previous: Float32Array,
): Float32Array {
  const { sizes, attributes, recurrentKernel, reserve, dy, dh } = inputs;
  const { batch, time, units } = sizes;
  const { resetAfter } = attributes;
  const width = reserveCounts.gru * units;
  const dGates = new Float32Array(batch * time * 4 * units);
  const now = rowsOf(dGates, time * 4 * units);
  const nowN = rowsOf(dGates, time * 4 * units);
  const laterRows = rowsOf(later, units);
  const weights = transposeOf(recurrentKernel, 3 * units);
  const weightsN = transposeOf(recurrentKernel, 3 * units, 2 * units);
  const dReset = new Float32Array(batch * units);
  const dResetRows = rowsOf(dReset, units);
  later.set(dh);
  for (let step = time - 1; step >= 0; step--) {
    const sample = sampleAt(step, time, attributes.reverse);
    now.offset = sample * 4 * units;
    nowN.offset = now.offset + 2 * units;
    for (let row = 0; row < batch; row++) {
      const index = row * time + sample;
      const at = index * width;
      const to = index * 4 * units;
      for (let j = 0; j < units; j++) {
        const r = reserve[at + j];
        const z = reserve[at + units + j];
        const n = reserve[at + 2 * units + j];
        const dOut = dy[index * units + j] + later[row * units + j];
        const dN = dOut * (1 - z) * (1 - n * n);
        dGates[to + units + j] = dOut * (previous[index * units + j] - n) * z * (1 - z);
        dGates[to + 2 * units + j] = resetAfter ? dN * r : dN;
        dGates[to + 3 * units + j] = dN;
        if (resetAfter) dGates[to + j] = dN * reserve[at + 3 * units + j] * r * (1 - r);
        later[row * units + j] = dOut * z;
      }
    }
    if (resetAfter) {
      addProduct(batch, units, 3 * units, now, weights, laterRows);
      continue;
    }
    dReset.fill(0);
    addProduct(batch, units, units, nowN, weightsN, dResetRows);
    for (let row = 0; row < batch; row++) {
      const index = row * time + sample;
      for (let j = 0; j < units; j++) {
        const r = reserve[index * width + j];
        const dState = dReset[row * units + j];
        dGates[index * 4 * units + j] = dState * previous[index * units + j] * r * (1 - r);
        later[row * units + j] += dState * r;
      }
    }
    addProduct(batch, units, 2 * units, now, weights, laterRows);
  }
  return dGates;
}
