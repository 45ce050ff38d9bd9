import type { NetSpec } from './netSpec.ts';
import { transpose } from './transpose.ts';
import { weightSize, weightSpecs } from './weightSpecs.ts';

/**
 * Draws the start weights as PyTorch does: parameter by parameter in its order, each matrix in its layout, every value uniform in
 * +-1 / sqrt(units) (the read-out has `units` inputs, so its bound is the same).
 *
 * @param uniform draws a number from [low, high)
 * @returns values of each weight, in the order and layout of `weightSpecs`
 */
export function startWeights(spec: NetSpec, uniform: (low: number, high: number) => number): Float32Array[] {
  const bound = 1 / Math.sqrt(spec.units);
  return weightSpecs(spec).map((weight) => {
    const drawn = Float32Array.from({ length: weightSize(weight) }, () => uniform(-bound, bound));
    return weight.shape.length === 2 ? transpose(drawn, weight.shape[1], weight.shape[0]) : drawn;
  });
}
