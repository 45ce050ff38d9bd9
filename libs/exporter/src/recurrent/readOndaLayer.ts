import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { pytorchGates, reorderBias, reorderKernel } from './gateOrder.ts';
import type { Activation, RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';

const activationNames = { tanh: 'Tanh', relu: 'Relu' } as const;

const tanh = { name: 'Tanh' };
const sigmoid = { name: 'Sigmoid' };

/** What each cell's options say beyond the units. */
const cellOptions = {
  rnn: (options) => {
    const name = activationNames[options.choice('activation', ['tanh', 'relu'], 'tanh')];
    return { activations: [{ name }], linearBeforeReset: false };
  },
  lstm: () => ({ activations: [sigmoid, tanh, tanh], linearBeforeReset: false }),
  gru: (options) => ({ activations: [sigmoid, tanh], linearBeforeReset: options.flag('reset_after', true) }),
} satisfies Record<
  CellKind,
  (options: LayerOptions) => { activations: readonly Activation[]; linearBeforeReset: boolean }
>;

/**
 * The weights of an OndaRNN, OndaLSTM or OndaGRU layer: gates in PyTorch's order, two biases.
 *
 * @throws ModelError, UnsupportedError
 */
export function readOndaLayer(
  cell: CellKind,
  options: LayerOptions,
  weights: LayerWeights,
): RecurrentWeights {
  const units = options.count('units');
  const columns = gateCounts[cell] * units;
  const order = pytorchGates[cell];
  const kernel = weights.open('kernel', [columns]);
  const [features] = kernel.shape;
  return {
    cell,
    features,
    units,
    kernel: reorderKernel(kernel.data, features, units, order),
    recurrentKernel: reorderKernel(weights.get('recurrent_kernel', [units, columns]), units, units, order),
    bias: reorderBias(weights.get('bias', [columns]), units, order),
    recurrentBias: reorderBias(weights.get('recurrent_bias', [columns]), units, order),
    ...cellOptions[cell](options),
  };
}
