import { reserveCounts, sampleAt } from '../recurrentOp.ts';
import type { CellGradientInputs, CellGradients, CellInputs, CellOutputs, CpuCell } from './cpuCell.ts';
import { sigmoidInPlace, tanhInPlace } from './gateFunctions.ts';
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
 * i, f, o = sigmoid(...), g = tanh(...); c_t = f c_(t-1) + i g; h_t = o tanh(c_t). The sums accumulate in the reserve, where the
 * gates replace them: i, f, g, o, c.
 */
export const lstmCell: CpuCell = { forward, backward };

function forward(inputs: CellInputs, { y, h, c, reserve }: CellOutputs): void {
  const { sizes, attributes, x, kernel, recurrentKernel, bias, recurrentBias, h0, c0 } = inputs;
  const { batch, time, features, units } = sizes;
  const samples = batch * time;
  const width = reserveCounts.lstm * units;
  const all = rowsOf(reserve, width);
  fillRows(samples, all, bias, recurrentBias);
  addProduct(samples, 4 * units, features, rowsOf(x, features), rowsOf(kernel, 4 * units), all);

  const weights = rowsOf(recurrentKernel, 4 * units);
  const start = rowsOf(h0, units);
  const before = rowsOf(y, time * units);
  const gates = rowsOf(reserve, time * width);
  let cBefore = c0;
  let cOffset = 0;
  let cStride = units;
  for (let step = 0; step < time; step++) {
    const sample = sampleAt(step, time, attributes.reverse);
    gates.offset = sample * width;
    addProduct(batch, 4 * units, units, step === 0 ? start : before, weights, gates);
    for (let row = 0; row < batch; row++) {
      const at = gates.offset + row * gates.rowStride;
      const cRow = cOffset + row * cStride;
      const yRow = (row * time + sample) * units;
      sigmoidInPlace(reserve, at, at + 2 * units);
      tanhInPlace(reserve, at + 2 * units, at + 3 * units);
      sigmoidInPlace(reserve, at + 3 * units, at + 4 * units);
      for (let j = 0; j < units; j++) {
        const f = reserve[at + units + j];
        const cell = f * cBefore[cRow + j] + reserve[at + j] * reserve[at + 2 * units + j];
        reserve[at + 4 * units + j] = cell;
        y[yRow + j] = cell;
      }
      tanhInPlace(y, yRow, yRow + units);
      for (let j = 0; j < units; j++) y[yRow + j] *= reserve[at + 3 * units + j];
    }
    before.offset = sample * units;
    cBefore = reserve;
    cOffset = gates.offset + 4 * units;
    cStride = gates.rowStride;
  }
  copyRows(batch, units, before, rowsOf(h, units));
  copyRows(batch, units, rowsOf(cBefore, cStride, cOffset), rowsOf(c, units));
}

function backward(inputs: CellGradientInputs, gradients: CellGradients): void {
  const { sizes, attributes, x, kernel, recurrentKernel, h0, y } = inputs;
  const { batch, time, features, units } = sizes;
  const samples = batch * time;
  const dGates = gateGradients(inputs, gradients, transposeOf(recurrentKernel, 4 * units));

  const all = rowsOf(dGates, 4 * units);
  const previous = transposeOf(previousStates(y, h0, sizes, attributes.reverse), units);
  addProduct(units, 4 * units, samples, previous, all, rowsOf(gradients.dRecurrentKernel, 4 * units));
  addProduct(
    features,
    4 * units,
    samples,
    transposeOf(x, features),
    all,
    rowsOf(gradients.dKernel, 4 * units),
  );
  addColumnSums(samples, 4 * units, all, gradients.dBias);
  gradients.dRecurrentBias.set(gradients.dBias);
  if (attributes.inputGradient) {
    const weights = transposeOf(kernel, 4 * units);
    addProduct(samples, features, 4 * units, all, weights, rowsOf(gradients.dx, features));
  }
}

/** Backpropagation through time; dh0 and dc0 accumulate the gradients of h and c from later samples. */
function gateGradients(
  inputs: CellGradientInputs,
  { dh0: dhLater, dc0: dcLater }: CellGradients,
  weights: ReturnType<typeof transposeOf>,
): Float32Array {
  const { sizes, attributes, c0, reserve, dy, dh, dc } = inputs;
  const { batch, time, units } = sizes;
  const width = reserveCounts.lstm * units;
  const dGates = new Float32Array(batch * time * 4 * units);
  const now = rowsOf(dGates, time * 4 * units);
  const laterRows = rowsOf(dhLater, units);
  // tanh(c) of the current row.
  const shapes = new Float32Array(units);
  dhLater.set(dh);
  dcLater.set(dc);
  for (let step = time - 1; step >= 0; step--) {
    const sample = sampleAt(step, time, attributes.reverse);
    const cBefore = step === 0 ? c0 : reserve;
    now.offset = sample * 4 * units;
    for (let row = 0; row < batch; row++) {
      const index = row * time + sample;
      const at = index * width;
      const to = index * 4 * units;
      const before =
        step === 0
          ? row * units
          : (row * time + sampleAt(step - 1, time, attributes.reverse)) * width + 4 * units;
      for (let j = 0; j < units; j++) shapes[j] = reserve[at + 4 * units + j];
      tanhInPlace(shapes, 0, units);
      for (let j = 0; j < units; j++) {
        const i = reserve[at + j];
        const f = reserve[at + units + j];
        const g = reserve[at + 2 * units + j];
        const o = reserve[at + 3 * units + j];
        const shape = shapes[j];
        const dOut = dy[index * units + j] + dhLater[row * units + j];
        const dCell = dcLater[row * units + j] + dOut * o * (1 - shape * shape);
        dGates[to + j] = dCell * g * i * (1 - i);
        dGates[to + units + j] = dCell * cBefore[before + j] * f * (1 - f);
        dGates[to + 2 * units + j] = dCell * i * (1 - g * g);
        dGates[to + 3 * units + j] = dOut * shape * o * (1 - o);
        dcLater[row * units + j] = dCell * f;
        dhLater[row * units + j] = 0;
      }
    }
    addProduct(batch, units, 4 * units, now, weights, laterRows);
  }
  return dGates;
}
