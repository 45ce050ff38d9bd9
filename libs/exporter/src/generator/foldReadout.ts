import type { Net, NetLayer, Readout } from '../model/readNet.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { gateCounts } from '../recurrent/recurrentWeights.ts';

/**
 * Folds a linear read-out into the layer that it feeds back to: with x = V h + c,
 *
 *   W x + b  =  (W V) h + (b + W c)
 *
 * Sums are formed in float64 and rounded once.
 *
 * @returns the layer that takes h, [batch, readout units], for x
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
 * The closed loop of a one-layer net as a net without input: since every gate sees W x + R h, and x = V h + c,
 * (R + W V) h + (b + W c) is the whole of it. Not so for a gru, whose candidate sees W x + r (R h).
 *
 * @returns a layer with one feature that counts for nothing
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
 * Multiplications that one node more in a Scan's body costs: at batch 1 ONNX Runtime's CPU kernels take some 0.4 microseconds a
 * node, and some 20 multiplications a nanosecond.
 */
const NODE_COST = 8000;

/**
 * Whether the first layer is better fed with h of the last layer, the read-out folded into its weights, than with x.
 *
 * @param nodes how many nodes the read-out takes that folding saves
 */
export function foldPays({ spec: { cell, units, outputs } }: Net, nodes: number): boolean {
  const columns = gateCounts[cell] * units;
  return columns * units <= units * outputs + columns * outputs + nodes * NODE_COST;
}
