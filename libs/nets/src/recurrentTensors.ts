import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** Inputs of the recurrent op, float32; shapes in recurrentOp.ts. */
export interface RecurrentInputs {
  x: Tensor3D;
  kernel: Tensor2D;
  recurrentKernel: Tensor2D;
  bias: Tensor1D;
  recurrentBias: Tensor1D;
  h0: Tensor2D;
  /** Of the lstm, and only of it. */
  c0?: Tensor2D | undefined;
}

export type RecurrentOutputs = {
  /** [batch, time, units] */
  y: Tensor3D;
  /** [batch, units] */
  h: Tensor2D;
  /** Of the lstm, [batch, units]. */
  c: Tensor2D | undefined;
  /** What `recurrentGrad` needs besides y; [0] when `training` is false. */
  reserve: Tensor;
};

export interface RecurrentGradInputs extends RecurrentInputs {
  y: Tensor3D;
  reserve: Tensor;
  dy: Tensor3D;
  dh: Tensor2D;
  /** Of the lstm, and only of it. */
  dc?: Tensor2D | undefined;
}

export type RecurrentGradients = {
  /** [batch, time, features]; [0] when `inputGradient` is false. */
  dx: Tensor;
  dKernel: Tensor2D;
  dRecurrentKernel: Tensor2D;
  dBias: Tensor1D;
  dRecurrentBias: Tensor1D;
  dh0: Tensor2D;
  /** Of the lstm. */
  dc0: Tensor2D | undefined;
};
