import type { Net, NetLayer, Readout } from '../model/readNet.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { gateCounts } from '../recurrent/recurrentWeights.ts';

/**
 * Folds a linear read-out into the layer it feeds: with x = V h + c,
 *
 *   W x + b  =  (W V) h + (b + W c)
 *
 * Sums are computed in float64 and rounded once.
 *
 * @returns the layer that takes h [batch, readout units] in place of x
 */
export function foldReadout(layer: NetLayer, readout: Readout): NetLayer {
  const { kernel, features, bias } = layer.weights;
  const rows = kernel.length / features;
  const units = readout.kernel.length / features;
  const folded = new Float32Array(rows * units);
  const shifted = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const weights = kernel.subarray(row * features, (row + 1) * features);
    for (let unit = 0; unit < units; unit++) {
      folded[row * units + unit] = weights.reduce(
        (sum, weight, feature) => sum + weight * readout.kernel[unit * features + feature],
        0,
      );
    }
    const shift = weights.reduce((sum, weight, feature) => sum + weight * readout.bias[feature], 0);
    shifted[row] = (bias?.[row] ?? 0) + shift;
  }
  return { name: layer.name, weights: { ...layer.weights, features: units, kernel: folded, bias: shifted } };
}

/**
 * The closed loop of a one-layer net as a layer without input: every gate takes W x + R h, and with x = V h + c that is
 * (R + W V) h + (b + W c). Does not hold for a GRU, whose candidate takes W x + r (R h).
 *
 * @returns a layer with one feature of zero weight
 */
export function closedLayer(layer: NetLayer, readout: Readout): RecurrentWeights {
  const { kernel: fed, bias } = foldReadout(layer, readout).weights;
  const { weights } = layer;
  const rows = weights.kernel.length / weights.features;
  return {
    ...weights,
    features: 1,
    kernel: new Float32Array(rows),
    recurrentKernel: weights.recurrentKernel.map((value, index) => value + fed[index]),
    bias,
  };
}

/**
 * Multiplications that take as long as one more node in a Scan's body: at batch 1 ONNX Runtime's CPU kernels take about 0.4 us a
 * node and do about 20 multiplications a nanosecond.
 */
const NODE_COST = 8000;

/**
 * Whether the first layer should take h of the last layer, with the read-out folded into its weights, instead of x.
 *
 * @param nodes of the read-out that folding saves
 */
export function foldPays({ spec: { cell, units, outputs } }: Net, nodes: number): boolean {
  const columns = gateCounts[cell] * units;
  return columns * units <= units * outputs + columns * outputs + nodes * NODE_COST;
}
