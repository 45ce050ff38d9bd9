import type { Tensor3D } from '@tensorflow/tfjs-core';
import { add, concat, exp, maximum, mean, minimum, mul, slice, square, sub } from '@tensorflow/tfjs-core';
import { GAUSSIAN_EPSILON } from '../readoutLossOp.ts';
import type { Loss } from './loss.ts';

const LOG_EPSILON = Math.log(GAUSSIAN_EPSILON);

/**
 * The negative log-likelihood of a normal distribution, without its constant: PyTorch's nn.GaussianNLLLoss of the variance e^s. The
 * read-out gives the mean, then s, the logarithm of the variance: any number is allowed, and no variance can be negative.
 */
export const gaussian: Loss = {
  onArrays({ prediction, target, gradient, outputs }) {
    const count = target.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      // Of row r and output o, i = r outputs + o: the mean lies at 2 r outputs + o.
      const at = 2 * i - (i % outputs);
      const difference = prediction[at] - target[i];
      const s = prediction[at + outputs];
      const held = s < LOG_EPSILON ? LOG_EPSILON : s;
      const precision = Math.exp(-held);
      const error = difference * difference * precision;
      sum += (held + error) / 2;
      gradient[at] = (difference * precision) / count;
      // Below epsilon PyTorch hands the held variance's gradient on as if it were the variance's own.
      const share = s < LOG_EPSILON ? Math.exp(s - LOG_EPSILON) : 1;
      gradient[at + outputs] = ((1 - error) * share) / (2 * count);
    }
    return sum / count;
  },
  onTensors(prediction, target) {
    const outputs = target.shape[2];
    const block = (index: number): Tensor3D => slice(prediction, [0, 0, index * outputs], [-1, -1, outputs]);
    const difference = sub(block(0), target);
    const s = block(1);
    const held = maximum(s, LOG_EPSILON);
    const precision = exp(mul(held, -1));
    const error = mul(square(difference), precision);
    const share = exp(minimum(sub(s, LOG_EPSILON), 0));
    const dMean = mul<Tensor3D>(difference, mul(precision, 1 / target.size));
    const dLogVariance = mul<Tensor3D>(sub(1, error), mul(share, 0.5 / target.size));
    return { loss: mul(mean(add(held, error)), 0.5), gradient: concat([dMean, dLogVariance], 2) };
  },
};
