import type { Net } from '../net/net.ts';
import { gateCounts } from '../recurrent/recurrentWeights.ts';

/**
 * Multiplications that one node more in a Scan's body costs: at batch 1 ONNX Runtime's CPU kernels take some 0.4 microseconds a
 * node, and some 20 multiplications a nanosecond.
 */
const nodeCost = 8000;

/**
 * Whether the first layer is better fed with h of the last layer, the read-out folded into its weights, than with x.
 *
 * @param nodes how many nodes the read-out takes that folding saves
 */
export function foldPays({ spec: { cell, units, outputs } }: Net, nodes: number): boolean {
  const columns = gateCounts[cell] * units;
  return columns * units <= units * outputs + columns * outputs + nodes * nodeCost;
}
