import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import type { ActivationName } from '../layers/activations.ts';
import { stockActivations } from './recurrentActivations.ts';

/**
 * One recurrent layer as ONNX's operators have it. Gates stand in ONNX's order: rnn one; lstm i, o, f, c; gru z, r, h.
 */
export interface RecurrentWeights {
  readonly cell: CellKind;
  readonly features: number;
  readonly units: number;
  /** W, row-major, shape [gates * units, features]. */
  readonly kernel: Float32Array;
  /** R, row-major, shape [gates * units, units]. */
  readonly recurrentKernel: Float32Array;
  /** Wb, shape [gates * units]; null: none. */
  readonly bias: Float32Array | null;
  /** Rb, shape [gates * units]; null: none. */
  readonly recurrentBias: Float32Array | null;
  /** ONNX's names: rnn one; lstm f, g, h; gru f, g. */
  readonly activations: readonly Activation[];
  /** Of the gru: whether the reset gate applies after the recurrent product. */
  readonly linearBeforeReset: boolean;
  /** What the node's values and states must be multiplied by; 1 when left out. Its recurrent kernel is multiplied by it already. */
  readonly scale?: number;
  /** Activations by TensorFlow.js's names where no recurrent operator has one of them: the cell is spelled out then (emitScanned.ts). */
  readonly composed?: ComposedActivations;
}

/** Of the gates (null: the cell has none), and of the values that go into the states and out of them. */
export interface ComposedActivations {
  readonly gates: ActivationName | null;
  readonly values: ActivationName;
}

/** An activation function of an ONNX recurrent operator. */
export interface Activation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

export const gateCounts = { rnn: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>;

/** For each of ONNX's gates, which block of columns it is in a layer of other make. */
type GateOrder = Readonly<Record<CellKind, readonly number[]>>;

/**
 * Of Onda's layers, in PyTorch's order.
 *
 *   lstm  i f g o  ->  ONNX i o f c
 *   gru   r z n    ->  ONNX z r h
 */
export const pytorchGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

/**
 * Of TensorFlow.js's own layers (tfjs-layers recurrent.ts).
 *
 *   lstm  i f c o  ->  ONNX i o f c
 *   gru   z r h    ->  ONNX z r h
 */
export const tfjsGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [0, 1, 2] };

/**
 * Turns a kernel and puts its gates into ONNX's order.
 *
 * @param kernel row-major, shape [inputs, gates * units]
 * @param order  for each of ONNX's gates its block of columns
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

/** Puts a bias, shape [gates * units], into ONNX's order. */
export function reorderBias(bias: Float32Array, units: number, order: readonly number[]): Float32Array {
  return reorderKernel(bias, 1, units, order);
}

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

type Read = (options: LayerOptions, weights: LayerWeights) => RecurrentWeights;

const stock =
  (cell: CellKind): Read =>
  (options, weights) =>
    readStockCell(cell, options, weights);
const onda =
  (cell: CellKind): Read =>
  (options, weights) =>
    readOndaLayer(cell, options, weights);

/** How to read each class of recurrent layer or cell. */
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
