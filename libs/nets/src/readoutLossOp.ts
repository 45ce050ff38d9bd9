/**
 * The read-out and its mean squared error, forward and backward in one call: what stands between the last recurrent layer's
 * forward op and its backward op in a training step. On TensorFlow's CPU a dozen small ops would take longer there than the
 * recurrent layer of a small net takes.
 *
 *   prediction = states kernel + bias;  loss = mean((prediction - target)^2) over all values
 *
 * Inputs, as an array in this order (all float32):
 *   states [batch, time, units], kernel [units, outputs], bias [outputs], target [batch, time, outputs]
 * Outputs, as an array in this order:
 *   loss [], prediction [batch, time, outputs], and the gradients of the loss: dStates [batch, time, units],
 *   dKernel [units, outputs], dBias [outputs]
 *
 * It has no attributes. Only `tensorflow` has a kernel for it (C++); elsewhere the same comes from `readout`, `losses` and
 * `readoutGradients`.
 */
export const readoutLossKernelName = 'OndaReadoutLoss';
