import type { Scalar } from '@tensorflow/tfjs-core';
import { clipByValue, mean, mul, sub } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';

/**
 * Half the square of a small error, a line beyond `delta`: PyTorch's nn.HuberLoss. With g the error held to +-delta, which is the
 * gradient too, both are g (error - g / 2).
 */
export const huber: Loss = {
  onArrays({ prediction, target, gradient }, { delta }) {
    const count = target.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const difference = prediction[i] - target[i];
      const held = difference > delta ? delta : difference < -delta ? -delta : difference;
      sum += held * (difference - held / 2);
      gradient[i] = held / count;
    }
    return sum / count;
  },
  onTensors(prediction, target, { delta }) {
    const difference = sub(prediction, target);
    const held = clipByValue(difference, -delta, delta);
    const loss: Scalar = mean(mul(held, sub(difference, mul(held, 0.5))));
    return { loss, gradient: mul(held, 1 / target.size) };
  },
};
