import { gateCounts } from './recurrentOp.ts';
import type { NetSpec } from './netSpec.ts';
import { readoutColumns } from './netSpec.ts';
import { layerName } from './stateRows.ts';

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
 * The weights of a net, in the order that `Net.variables` has: of each layer kernel, recurrent kernel, bias and recurrent bias;
 * then the read-out's kernel and bias. It is PyTorch's order of parameters too. A matrix is PyTorch's transposed.
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

/** How many values a weight has. */
export function weightSize({ shape }: WeightSpec): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
