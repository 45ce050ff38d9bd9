import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { reorderBias, reorderKernel, tfjsGates } from './gateOrder.ts';
import type { RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';
import { stockActivations } from './stockActivations.ts';

/**
 * The weights of a SimpleRNN, LSTM or GRU layer or cell of TensorFlow.js or Keras.
 *
 * A GRU of Keras may apply the reset gate after the recurrent product (reset_after) and has two biases then; TensorFlow.js's never does.
 *
 * @throws ModelError, UnsupportedError
 */
export function readStockCell(
  cell: CellKind,
  options: LayerOptions,
  weights: LayerWeights,
): RecurrentWeights {
  const units = options.count('units');
  const columns = gateCounts[cell] * units;
  const order = tfjsGates[cell];
  const kernel = weights.open('kernel', [columns]);
  const [features] = kernel.shape;
  const resetAfter = cell === 'gru' && options.flag('reset_after', false);
  const biased = options.flag('use_bias', true);
  const biases = biased ? weights.get('bias', resetAfter ? [2, columns] : [columns]) : null;
  const { activations, scale, composed } = stockActivations(cell, options);
  const recurrent = weights.get('recurrent_kernel', [units, columns]);
  const recurrentKernel = reorderKernel(recurrent, units, units, order);
  return {
    cell,
    features,
    units,
    kernel: reorderKernel(kernel.data, features, units, order),
    recurrentKernel: scale === 1 ? recurrentKernel : recurrentKernel.map((value) => value * scale),
    bias: biases && reorderBias(biases.subarray(0, columns), units, order),
    recurrentBias: biases && resetAfter ? reorderBias(biases.subarray(columns), units, order) : null,
    activations,
    linearBeforeReset: resetAfter,
    ...(scale !== 1 && { scale }),
    ...(composed && { composed }),
  };
}
