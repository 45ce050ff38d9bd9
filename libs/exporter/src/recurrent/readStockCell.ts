import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { reorderBias, reorderKernel, tfjsGates } from './gateOrder.ts';
import type { Activation, RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';

/** ONNX's functions for TensorFlow.js's activations; those that are not here no recurrent operator has. */
const functions = {
  tanh: { name: 'Tanh' },
  sigmoid: { name: 'Sigmoid' },
  relu: { name: 'Relu' },
  hard_sigmoid: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  elu: { name: 'Elu', alpha: 1 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
  linear: { name: 'Affine', alpha: 1, beta: 0 },
} as const satisfies Record<string, Activation>;

const functionNames = Object.keys(functions) as (keyof typeof functions)[];

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
  return {
    cell,
    features,
    units,
    kernel: reorderKernel(kernel.data, features, units, order),
    recurrentKernel: reorderKernel(weights.get('recurrent_kernel', [units, columns]), units, units, order),
    bias: biases && reorderBias(biases.subarray(0, columns), units, order),
    recurrentBias: biases && resetAfter ? reorderBias(biases.subarray(columns), units, order) : null,
    activations: activationsOf(cell, options),
    linearBeforeReset: resetAfter,
  };
}

/** rnn f; lstm f, g, h: gates, candidate and output; gru f, g: gates and candidate. */
function activationsOf(cell: CellKind, options: LayerOptions): Activation[] {
  const activation = functions[options.choice('activation', functionNames, 'tanh')];
  if (cell === 'rnn') return [activation];
  const gates = functions[options.choice('recurrent_activation', functionNames, 'hard_sigmoid')];
  return cell === 'lstm' ? [gates, activation, activation] : [gates, activation];
}
