/**
 * The read-out and loss op: the linear read-out of every sample's h, the loss of what it predicts and the gradients of that loss, in
 * one call. It stands between the last layer's forward and backward ops in a training step, where a dozen small ops would take
 * longer than the recurrent layer of a small net. Backends with a kernel of their own register the name with TensorFlow.js's
 * kernel registry.
 *
 * Inputs, as an array in this order (all float32):
 *   hidden [batch, time, units], kernel [units, blocks * outputs], bias [blocks * outputs], target [batch, time, outputs]
 * Outputs, as an array in this order:
 *   loss [], prediction [batch, time, blocks * outputs], and with `gradients`
 *   dHidden [batch, time, units], dKernel [units, blocks * outputs], dBias [blocks * outputs]
 *
 * prediction = hidden kernel + bias. Its columns are blocks of `outputs`: one; gaussian two; quantile one for each level. The loss is
 * the mean over all values of the target (quantile: and over the levels) of, with p the prediction and t the target:
 *
 *   mse        (p - t)^2
 *   mae        |p - t|; its slope at 0 is 0
 *   huber      g (e - g / 2), where e = p - t and g is e held to +-delta
 *   gaussian   (s + (p - t)^2 / e^s) / 2, where s is the second block, held to log(GAUSSIAN_EPSILON) or more
 *   quantile   q e for e = t - p above 0, else (q - 1) e
 */
export const readoutLossKernelName = 'OndaReadoutLoss';

export const lossKinds = ['mse', 'mae', 'huber', 'gaussian', 'quantile'] as const;

export type LossKind = (typeof lossKinds)[number];

/** All of them are there in every call; a loss reads its own. */
export interface ReadoutLossAttributes {
  loss: LossKind;
  /** Of huber: where the parabola turns into a line. */
  delta: number;
  /** Of quantile: one for each block; empty for the others. */
  levels: readonly number[];
  /** Whether the gradients are wanted. */
  gradients: boolean;
}

/** Least variance of gaussian, that of PyTorch's nn.GaussianNLLLoss. */
export const GAUSSIAN_EPSILON = 1e-6;
