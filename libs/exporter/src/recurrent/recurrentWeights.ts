import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { stockActivations } from './recurrentActivations.ts';
import type { Activation, ComposedActivations } from './recurrentActivations.ts';

/** One recurrent layer in ONNX's form. Gate order: RNN one; LSTM i, o, f, c; GRU z, r, h. */
export interface RecurrentWeights {
  readonly cell: CellKind;
  readonly features: number;
  readonly units: number;
  /** W, row-major, shape [gates * units, features]. */
  readonly kernel: Float32Array;
  /** R, row-major, shape [gates * units, units]. */
  readonly recurrentKernel: Float32Array;
  /** Wb, shape [gates * units], or null. */
  readonly bias: Float32Array | null;
  /** Rb, shape [gates * units], or null. */
  readonly recurrentBias: Float32Array | null;
  /** ONNX's names: RNN one; LSTM f, g, h; GRU f, g. */
  readonly activations: readonly Activation[];
  /** GRU: whether the reset gate applies after the recurrent product. */
  readonly linearBeforeReset: boolean;
  /** Factor of the node's outputs and states; 1 by default. The recurrent kernel contains it. */
  readonly scale?: number;
  /** TensorFlow.js's activations that no recurrent operator has: the cell becomes a Scan (scannedCell.ts). */
  readonly composed?: ComposedActivations;
}

export const gateCounts = { rnn: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>;

/** For each ONNX gate the block of columns it has in the source layer. */
type GateOrder = Readonly<Record<CellKind, readonly number[]>>;

/**
 * Onda's layers, in PyTorch's order.
 *
 *   lstm  i f g o  ->  ONNX i o f c
 *   gru   r z n    ->  ONNX z r h
 */
export const pytorchGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

/**
 * TensorFlow.js's layers (tfjs-layers recurrent.ts).
 *
 *   lstm  i f c o  ->  ONNX i o f c
 *   gru   z r h    ->  ONNX z r h
 */
export const tfjsGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [0, 1, 2] };

/**
 * Transposes a kernel and reorders its gates for ONNX.
 *
 * @param kernel row-major, shape [inputs, gates * units]
 * @param order  for each ONNX gate its block of columns
 * @returns a new array, shape [gates * units, inputs]
 */
export function reorderKernel(
  kernel: Float32Array,
  inputs: number,
  units: number,
  order: readonly number[],
): Float32Array {
  const columns = order.length * units;
  const transposed = new Float32Array(kernel.length);
  order.forEach((block, gate) => {
    for (let unit = 0; unit < units; unit++) {
      const row = (gate * units + unit) * inputs;
      const column = block * units + unit;
      for (let input = 0; input < inputs; input++) transposed[row + input] = kernel[input * columns + column];
    }
  });
  return transposed;
}

/** Reorders a bias, shape [gates * units], for ONNX. */
export function reorderBias(bias: Float32Array, units: number, order: readonly number[]): Float32Array {
  return reorderKernel(bias, 1, units, order);
}

const activationNames = { tanh: 'Tanh', relu: 'Relu' } as const;

const tanh = { name: 'Tanh' };
const sigmoid = { name: 'Sigmoid' };

/** The options of each cell besides units. */
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
 * The weights of an OndaRNN, OndaLSTM or OndaGRU layer: PyTorch's gate order, two biases.
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

/**
 * The weights of a SimpleRNN, LSTM or GRU layer or cell of TensorFlow.js or Keras.
 *
 * A Keras GRU with reset_after applies the reset gate after the recurrent product and has two biases; TensorFlow.js has no such GRU.
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

type Read = (options: LayerOptions, weights: LayerWeights) => RecurrentWeights;

const stock =
  (cell: CellKind): Read =>
  (options, weights) =>
    readStockCell(cell, options, weights);
const onda =
  (cell: CellKind): Read =>
  (options, weights) =>
    readOndaLayer(cell, options, weights);

/** Reader of each recurrent layer or cell class. */
export const recurrentKinds = {
  SimpleRNN: stock('rnn'),
  SimpleRNNCell: stock('rnn'),
  LSTM: stock('lstm'),
  LSTMCell: stock('lstm'),
  GRU: stock('gru'),
  GRUCell: stock('gru'),
  OndaRNN: onda('rnn'),
  OndaLSTM: onda('lstm'),
  OndaGRU: onda('gru'),
} as const satisfies Record<string, Read>;

type RecurrentClass = keyof typeof recurrentKinds;

export function isRecurrentClass(className: string): className is RecurrentClass {
  return Object.hasOwn(recurrentKinds, className);
}
