import { mean, mul, square, sub } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';

/** The mean of (prediction - target)^2. */
export const meanSquaredError: Loss = (prediction, target) => {
  const difference = sub(prediction, target);
  return { loss: mean(square(difference)), gradient: mul(difference, 2 / prediction.size) };
};
