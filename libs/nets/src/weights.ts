import type { NetSpec } from './netSpec.ts';
import { layerName, readoutColumns } from './netSpec.ts';
import { gateCounts } from '@onda/kernels';

/** Name of the read-out layer in artifacts. */
export const readoutName = 'readout';

export interface WeightSpec {
  /** As TensorFlow.js names it: layer, slash, weight. */
  readonly name: string;
  readonly shape: readonly number[];
  /** PyTorch's name of the same weight. */
  readonly pytorchName: string;
}

/**
 * The weights of a net in the order of `Net.variables`: for each layer kernel, recurrent kernel, bias and recurrent bias, then kernel
 * and bias of the read-out. PyTorch orders its parameters the same way; its matrices are transposed.
 */
export function weightSpecs(spec: NetSpec): WeightSpec[] {
  const { cell, units, layers, features } = spec;
  const columns = gateCounts[cell] * units;
  const recurrent = Array.from({ length: layers }, (_, layer) => {
    const name = layerName(layer);
    const inputs = layer === 0 ? features : units;
    return [
      { name: `${name}/kernel`, shape: [inputs, columns], pytorchName: `rnn.weight_ih_l${layer}` },
      { name: `${name}/recurrent_kernel`, shape: [units, columns], pytorchName: `rnn.weight_hh_l${layer}` },
      { name: `${name}/bias`, shape: [columns], pytorchName: `rnn.bias_ih_l${layer}` },
      { name: `${name}/recurrent_bias`, shape: [columns], pytorchName: `rnn.bias_hh_l${layer}` },
    ];
  }).flat();
  const readouts = readoutColumns(spec);
  return [
    ...recurrent,
    { name: `${readoutName}/kernel`, shape: [units, readouts], pytorchName: 'linear.weight' },
    { name: `${readoutName}/bias`, shape: [readouts], pytorchName: 'linear.bias' },
  ];
}

/** Number of values of a weight. */
export function weightSize({ shape }: WeightSpec): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/**
 * Draws the initial weights as PyTorch does: in its order of parameters and its matrix layout, each value uniform in
 * +-1 / sqrt(units) (the read-out has `units` inputs, hence the same bound).
 *
 * @param uniform draws a number from [low, high)
 * @returns the values of each weight, in the order and layout of `weightSpecs`
 */
export function initialWeights(
  spec: NetSpec,
  uniform: (low: number, high: number) => number,
): Float32Array[] {
  const bound = 1 / Math.sqrt(spec.units);
  return weightSpecs(spec).map((weight) => {
    const drawn = Float32Array.from({ length: weightSize(weight) }, () => uniform(-bound, bound));
    return weight.shape.length === 2 ? transpose(drawn, weight.shape[1], weight.shape[0]) : drawn;
  });
}

/**
 * Transposes a matrix.
 *
 * @param values row-major, [rows, columns]
 * @returns a new array, row-major, [columns, rows]
 */
export function transpose(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  }
  return result;
}
