import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from '../recurrentOp.ts';

/** h and, for the lstm, c of one sample (or their gradients), each [batch, units]. */
export interface CellState {
  readonly h: Tensor2D;
  readonly c?: Tensor2D;
}

export interface RecurrentWeights {
  /** [units, gates * units] */
  readonly recurrentKernel: Tensor2D;
  /** [1, gates * units] */
  readonly recurrentBias: Tensor2D;
}

/** One sample forward. */
export interface CellStep {
  readonly state: CellState;
  /** Blocks of the reserve, each [batch, units], in the order of recurrentOp.ts. */
  readonly reserve: readonly Tensor2D[];
}

/** One sample backward. */
export interface CellStepGradient {
  /** Of the input product, [batch, gates * units]. */
  readonly dInput: Tensor2D;
  /** Of the recurrent product, [batch, gates * units]. */
  readonly dRecurrent: Tensor2D;
  /** Of the state that the sample found. */
  readonly before: CellState;
}

/** What backward knows of a sample. */
export interface CellSample {
  readonly before: CellState;
  readonly after: Pick<CellState, 'h'>;
  readonly reserve: readonly Tensor2D[];
}

/** A recurrent cell written in TensorFlow.js operations, one sample at a time. */
export interface ComposedCell {
  /** @param inputProduct x_t W + b, [batch, gates * units] */
  step(
    inputProduct: Tensor2D,
    before: CellState,
    weights: RecurrentWeights,
    attributes: RecurrentAttributes,
  ): CellStep;
  /** @param gradient of the state after the sample, all that reaches it */
  stepBack(
    sample: CellSample,
    gradient: CellState,
    weights: RecurrentWeights,
    attributes: RecurrentAttributes,
  ): CellStepGradient;
  /**
   * The gradient of the recurrent kernel, over all samples at once.
   *
   * @param states     h as each sample found it, [samples, units]
   * @param reserve    [samples, reserve blocks * units]
   * @param dRecurrent [samples, gates * units]
   */
  dRecurrentKernel(
    states: Tensor2D,
    reserve: Tensor2D,
    dRecurrent: Tensor2D,
    attributes: RecurrentAttributes,
  ): Tensor2D;
}

/** The state of an lstm, whose c is always there. */
export function cellStateOf(state: CellState): Tensor2D {
  if (state.c === undefined) throw new TypeError('an lstm step was called without c');
  return state.c;
}
