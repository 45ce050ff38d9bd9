import type { RecurrentAttributes } from '../recurrentOp.ts';

export interface RecurrentSizes {
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly units: number;
}

/** Inputs of the forward op as flat arrays, in the shapes of recurrentOp.ts. */
export interface CellInputs {
  readonly sizes: RecurrentSizes;
  readonly attributes: RecurrentAttributes;
  readonly x: Float32Array;
  readonly kernel: Float32Array;
  readonly recurrentKernel: Float32Array;
  readonly bias: Float32Array;
  readonly recurrentBias: Float32Array;
  readonly h0: Float32Array;
  /** lstm only; empty for the other cells. */
  readonly c0: Float32Array;
}

/** Arrays of zeros that the cell fills. The cell computes in the reserve, so it is present even without `training`. */
export interface CellOutputs {
  readonly y: Float32Array;
  readonly h: Float32Array;
  readonly c: Float32Array;
  readonly reserve: Float32Array;
}

export interface CellGradientInputs extends CellInputs {
  readonly y: Float32Array;
  readonly reserve: Float32Array;
  readonly dy: Float32Array;
  readonly dh: Float32Array;
  readonly dc: Float32Array;
}

/** Arrays of zeros that the cell fills; `dx` is empty when `inputGradient` is false. */
export interface CellGradients {
  readonly dx: Float32Array;
  readonly dKernel: Float32Array;
  readonly dRecurrentKernel: Float32Array;
  readonly dBias: Float32Array;
  readonly dRecurrentBias: Float32Array;
  readonly dh0: Float32Array;
  readonly dc0: Float32Array;
}

/** A recurrent cell on typed arrays, over a whole sequence. */
export interface CpuCell {
  forward(inputs: CellInputs, outputs: CellOutputs): void;
  backward(inputs: CellGradientInputs, gradients: CellGradients): void;
}
