/**
 * The read-out and loss op: the linear read-out of every h, the loss of its prediction and the gradients of that loss in one call.
 * In a training step it runs between the forward and backward ops of the last layer, where a dozen small TensorFlow.js ops would
 * take longer than the recurrent layer of a small net. Each backend registers a kernel of this name.
 *
 * Inputs, as an array in this order (all float32):
 *   hidden [batch, time, units], kernel [units, blocks * outputs], bias [blocks * outputs], target [batch, time, outputs]
 * Outputs, as an array in this order:
 *   loss [], prediction [batch, time, blocks * outputs], and with `gradients`
 *   dHidden [batch, time, units], dKernel [units, blocks * outputs], dBias [blocks * outputs]
 *
 * prediction = hidden kernel + bias. Its columns are blocks of `outputs`: one block, for gaussian two, for quantile one per level.
 * The loss is the mean over all target values (quantile: and over the levels) of, with prediction p and target t:
 *
 *   mse        (p - t)^2
 *   mae        |p - t|; its slope at 0 is 0
 *   huber      g (e - g / 2), where e = p - t and g = clip(e, -delta, delta)
 *   gaussian   (s + (p - t)^2 / e^s) / 2, where s is the second block, clipped to at least log(GAUSSIAN_EPSILON)
 *   quantile   q e for e = t - p above 0, else (q - 1) e
 */
export const readoutLossKernelName = 'OndaReadoutLoss';

export const lossKinds = ['mse', 'mae', 'huber', 'gaussian', 'quantile'] as const;

export type LossKind = (typeof lossKinds)[number];

/** Every call has all of them; each loss reads its own. */
export interface ReadoutLossAttributes {
  loss: LossKind;
  /** huber: where the parabola becomes a line. */
  delta: number;
  /** quantile: the level of each block; empty for the other losses. */
  levels: readonly number[];
  /** Whether to compute the gradients. */
  gradients: boolean;
}

/** Lower bound of the gaussian variance, as in PyTorch's nn.GaussianNLLLoss. */
export const GAUSSIAN_EPSILON = 1e-6;
