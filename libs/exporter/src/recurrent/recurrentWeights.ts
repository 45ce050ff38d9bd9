import type { CellKind } from '@onda/contract';

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
}

/** An activation function of an ONNX recurrent operator. */
export interface Activation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

export const gateCounts = { rnn: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>;
