import type { CellKind } from '@onda/contract';
import { attribute } from '@onda/onnx';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { activationNames } from '../layers/activations.ts';
import type { ActivationName } from '../layers/activations.ts';

/** Of the gates (null for a cell without gates), and of candidate and output. */
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

/** ONNX functions of TensorFlow.js's activations. */
const onnxFunctions = {
  tanh: { name: 'Tanh' },
  sigmoid: { name: 'Sigmoid' },
  relu: { name: 'Relu' },
  hard_sigmoid: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  keras3_hard_sigmoid: { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 },
  elu: { name: 'Elu', alpha: 1 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
  linear: { name: 'Affine', alpha: 1, beta: 0 },
} as const satisfies Record<string, Activation>;

/**
 * Activations that are an ONNX function times a factor: relu6(x) = 6 HardSigmoid(x / 6), selu(x) = 1.0507 Elu(x). The cell computes its
 * states divided by the factor, h = factor h', with a recurrent kernel multiplied by it:
 *
 *   rnn   h' = f(W x + factor R h')
 *   gru   h' = z h' + (1 - z) f(W x + factor R (r h'))
 *   lstm  c' = F c' + i f(z),  h' = o g(c'),  where factor g(c') must be the activation of factor c': relu6 has such a g, selu has none
 */
const scaledFunctions = {
  relu6: {
    factor: 6,
    inner: { name: 'HardSigmoid', alpha: 1 / 6, beta: 0 },
    output: { name: 'HardSigmoid', alpha: 1, beta: 0 },
  },
  selu: { factor: 1.0507009873554805, inner: { name: 'Elu', alpha: 1.6732632423543772 }, output: null },
} as const satisfies Record<string, { factor: number; inner: Activation; output: Activation | null }>;

type Plain = keyof typeof onnxFunctions;

/**
 * Activations in ONNX's order, and the factor of the states. RNN: f. LSTM: f, g, h (gates, candidate, output). GRU: f, g (gates, candidate).
 */
interface CellActivations {
  readonly activations: readonly Activation[];
  readonly scale: number;
  /** Set if the recurrent operator cannot express one of them. */
  readonly composed?: ComposedActivations;
}

/** @throws UnsupportedError for an activation that TensorFlow.js does not have */
export function stockActivations(cell: CellKind, options: LayerOptions): CellActivations {
  const name = options.choice('activation', activationNames, 'tanh');
  const gateName =
    cell === 'rnn' ? null : options.choice('recurrent_activation', activationNames, 'hard_sigmoid');
  const factored = isOneOf(scaledFunctions, name) ? scaledFunctions[name] : null;
  const sayable =
    isOneOf(onnxFunctions, name) || (factored !== null && (cell !== 'lstm' || factored.output !== null));
  if (!sayable || (gateName !== null && !isOneOf(onnxFunctions, gateName))) {
    return { activations: [], scale: 1, composed: { gates: gateName, values: name } };
  }
  const inner = factored?.inner ?? onnxFunctions[name as Plain];
  const scale = factored?.factor ?? 1;
  if (gateName === null) return { activations: [inner], scale };
  const gates = onnxFunctions[gateName];
  if (cell === 'gru') return { activations: [gates, inner], scale };
  return { activations: [gates, inner, factored?.output ?? inner], scale };
}

function isOneOf<T extends object>(entries: T, name: PropertyKey): name is keyof T {
  return Object.hasOwn(entries, name);
}

/** A recurrent operator's activation as a node; none for Affine with alpha 1 and beta 0, the identity. */
export function emitFunction(
  builder: GraphBuilder,
  name: string,
  { name: op, alpha, beta }: Activation,
  value: Value,
): Value {
  if (op === 'Affine' && alpha === 1 && beta === 0) return value;
  return builder.single(name, op, [value], value, {
    ...(alpha !== undefined && { alpha: attribute.float(alpha) }),
    ...(beta !== undefined && { beta: attribute.float(beta) }),
  });
}
