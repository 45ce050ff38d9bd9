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
  /** Of the lstm; empty for the others. */
  readonly c0: Float32Array;
}

/** Zeros that the cell fills. The reserve is there even when nobody keeps it: the cell works in it. */
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

/** Zeros that the cell fills; `dx` is empty when it is not wanted. */
export interface CellGradients {
  readonly dx: Float32Array;
  readonly dKernel: Float32Array;
  readonly dRecurrentKernel: Float32Array;
  readonly dBias: Float32Array;
  readonly dRecurrentBias: Float32Array;
  readonly dh0: Float32Array;
  readonly dc0: Float32Array;
}

/** A recurrent cell on typed arrays: a whole sequence forward, and back. */
export interface CpuCell {
  forward(inputs: CellInputs, outputs: CellOutputs): void;
  backward(inputs: CellGradientInputs, gradients: CellGradients): void;
}
