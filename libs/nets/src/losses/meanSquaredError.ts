import { mean, mul, square, sub } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';

/** The mean of (prediction - target)^2. */
export const meanSquaredError: Loss = {
  onArrays({ prediction, target, gradient }) {
    const count = target.length;
    const scale = 2 / count;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const difference = prediction[i] - target[i];
      sum += difference * difference;
      gradient[i] = scale * difference;
    }
    return sum / count;
  },
  onTensors(prediction, target) {
    const difference = sub(prediction, target);
    return { loss: mean(square(difference)), gradient: mul(difference, 2 / target.size) };
  },
};
