import { abs, mean, mul, sign, sub } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';
import { signOf } from './signOf.ts';

/** The mean of |prediction - target|. */
export const meanAbsoluteError: Loss = {
  onArrays({ prediction, target, gradient }) {
    const count = target.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const difference = prediction[i] - target[i];
      sum += Math.abs(difference);
      gradient[i] = signOf(difference) / count;
    }
    return sum / count;
  },
  onTensors(prediction, target) {
    const difference = sub(prediction, target);
    return { loss: mean(abs(difference)), gradient: mul(sign(difference), 1 / target.size) };
  },
};
