import type { CellKind } from '@onda/contract';

/**
 * The recurrent op: one call for a whole sequence of one layer forward, one call backward. Every backend that has kernels of its
 * own registers both names with TensorFlow.js's kernel registry; there is one gradient definition for all of them.
 *
 * Gates stand side by side in columns, in PyTorch's order: rnn one; lstm i, f, g, o; gru r, z, n.
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
 *   reserve [batch, time, reserveUnits * units] (what backward needs besides y; [0] when `training` is false).
 *   With `reverse` the sequence is walked from its end: y stays in the order of x, h (and c) is the state after x_0.
 *
 * Inputs go to TensorFlow.js's `runKernel` as an array in this order (c0 is there or not, and only an array lets one gradient
 * definition save what came): a kernel takes them with `Object.values(inputs)`. Outputs come back as an array in this order.
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
  /** Of the rnn cell; lstm and gru have their textbook functions. */
  activation: 'tanh' | 'relu';
  /** Of the gru cell: where the reset gate applies; true as in PyTorch and cuDNN. */
  resetAfter: boolean;
  reverse: boolean;
  /** Forward: keep the reserve for backward. */
  training: boolean;
  /** Backward: whether dx is wanted (the first layer's is not). */
  inputGradient: boolean;
}

export const gateCounts = { rnn: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>;

/**
 * Blocks of `units` in a sample's reserve. rnn: none (y is enough). lstm: i, f, g, o, c. gru: r, z, n, and the recurrent part of n
 * before the reset gate (h_(t-1) R_n + rb_n) when resetAfter, else r h_(t-1).
 */
export const reserveCounts = { rnn: 0, lstm: 5, gru: 4 } as const satisfies Record<CellKind, number>;
