import type { CellKind } from '@onda/contract';
import type { ActivationName } from '../layers/activations.ts';

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
