import { reserveCounts } from '../recurrentOp.ts';
import { sampleAt } from '../sampleAt.ts';
import { addProduct } from './addProduct.ts';
import type { CellGradientInputs, CellGradients } from './cpuCell.ts';
import { rowsOf, transposeOf } from './matrix.ts';

/**
 * Walks a GRU back through time. Fills dh0, which on the way holds what reaches h from later samples.
 *
 * @param previous h as each sample found it, [batch, time, units]
 * @returns gradients of the sums inside the gates, [batch, time, 4 * units]: r, z, n as the recurrent product sees it, n as the
 * input product sees it (the two differ by the reset gate when it applies after the product)
 */
export function gateGradients(
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
