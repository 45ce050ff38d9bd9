import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';

/**
 * The recurrent op: one call runs a layer over a whole sequence, one call computes its gradients. Each backend registers kernels of
 * both names with TensorFlow.js; all run core/forward.h and core/backward.h. The gradient definition is in libs/nets.
 *
 * Gate columns are in PyTorch's order: rnn one; lstm i, f, g, o; gru r, z, n.
 *
 *   rnn   h_t = act(x_t W + b + h_(t-1) R + rb)
 *   lstm  i, f, o = sigmoid(...), g = tanh(...); c_t = f c_(t-1) + i g; h_t = o tanh(c_t)
 *   gru   r, z = sigmoid(...); resetAfter:  n = tanh(x_t W_n + b_n + r (h_(t-1) R_n + rb_n))
 *                              otherwise:   n = tanh(x_t W_n + b_n + (r h_(t-1)) R_n + rb_n)
 *         h_t = (1 - z) n + z h_(t-1)
 *
 * Forward inputs, in this order (all float32):
 *   x [batch, time, features], kernel W [features, gates * units], recurrentKernel R [units, gates * units],
 *   bias b [gates * units], recurrentBias rb [gates * units], h0 [batch, units], and for lstm c0 [batch, units]
 * Forward outputs: y [batch, time, units], h [batch, units], (lstm) c [batch, units],
 *   reserve [batch, time, reserveCount * units] (activations that backward needs besides y; [0] when `training` is false).
 *   With `reverse` the sequence is processed from its end: y keeps the order of x, h (and c) is the state after x_0.
 *
 * TensorFlow.js's `runKernel` gets the inputs as an array in this order (c0 is optional, and only with an array can one gradient
 * definition save all inputs): a kernel reads them with `Object.values(inputs)`. Outputs are an array in this order.
 *
 * Backward inputs: x, kernel, recurrentKernel, bias, recurrentBias, h0, (lstm) c0, y, reserve, dy, dh, (lstm) dc.
 * Backward outputs: dx, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dh0, (lstm) dc0. dx is [0] when `inputGradient` is false.
 */
export const recurrentKernelNames = {
  forward: 'OndaRecurrent',
  backward: 'OndaRecurrentGrad',
} as const;

export interface RecurrentAttributes {
  cell: CellKind;
  /** rnn only; lstm and gru use sigmoid and tanh. */
  activation: 'tanh' | 'relu';
  /** gru only: whether the reset gate is applied after the recurrent product; true as in PyTorch and cuDNN. */
  resetAfter: boolean;
  reverse: boolean;
  /** Forward: return the reserve for backward. */
  training: boolean;
  /** Backward: whether to compute dx (the first layer needs none). */
  inputGradient: boolean;
}

export const gateCounts = { rnn: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>;

/**
 * Number of blocks of `units` in the reserve of a sample. rnn: none (y is enough). lstm: i, f, g, o, c. gru: r, z, n, and the recurrent part of n
 * before the reset gate (h_(t-1) R_n + rb_n) when resetAfter, else r h_(t-1).
 */
export const reserveCounts = { rnn: 0, lstm: 5, gru: 4 } as const satisfies Record<CellKind, number>;

/** Index of the sample that step `step` processes. */
export function sampleAt(step: number, time: number, reverse: boolean): number {
  return reverse ? time - 1 - step : step;
}

/** Inputs of the recurrent op, float32; shapes in recurrentOp.ts. */
export interface RecurrentInputs {
  x: Tensor3D;
  kernel: Tensor2D;
  recurrentKernel: Tensor2D;
  bias: Tensor1D;
  recurrentBias: Tensor1D;
  h0: Tensor2D;
  /** lstm only. */
  c0?: Tensor2D | undefined;
}

export type RecurrentOutputs = {
  /** [batch, time, units] */
  y: Tensor3D;
  /** [batch, units] */
  h: Tensor2D;
  /** lstm only, [batch, units]. */
  c: Tensor2D | undefined;
  /** Input of `recurrentGrad`; [0] when `training` is false. */
  reserve: Tensor;
};

export interface RecurrentGradInputs extends RecurrentInputs {
  y: Tensor3D;
  reserve: Tensor;
  dy: Tensor3D;
  dh: Tensor2D;
  /** lstm only. */
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
  /** lstm only. */
  dc0: Tensor2D | undefined;
};
