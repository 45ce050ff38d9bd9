import type { Tensor3D } from '@tensorflow/tfjs-core';
import { add, concat, maximum, mean, minimum, mul, sign, slice, sub } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';
import { signOf } from './signOf.ts';

/**
 * The pinball loss: of level q, q for each unit that the truth lies above the prediction, 1 - q for each that it lies below. The
 * best prediction is then the value that the truth stays below with probability q. Mean over the levels too.
 */
export const quantile: Loss = {
  onArrays({ prediction, target, gradient, outputs }, { levels }) {
    const count = target.length * levels.length;
    let sum = 0;
    for (let i = 0; i < target.length; i++) {
      const output = i % outputs;
      const row = (i - output) * levels.length;
      for (let block = 0; block < levels.length; block++) {
        const level = levels[block];
        const at = row + block * outputs + output;
        const error = target[i] - prediction[at];
        sum += error > 0 ? level * error : (level - 1) * error;
        gradient[at] = -slope(level, error) / count;
      }
    }
    return sum / count;
  },
  onTensors(prediction, target, { levels }) {
    const outputs = target.shape[2];
    const count = target.size * levels.length;
    const results = levels.map((level, block) => {
      const error = sub(target, slice(prediction, [0, 0, block * outputs], [-1, -1, outputs]));
      const above = maximum(error, 0);
      const below = minimum(error, 0);
      return {
        loss: add<Tensor3D>(mul(above, level), mul(below, level - 1)),
        gradient: mul<Tensor3D>(add(mul(sign(above), level), mul(sign(below), 1 - level)), -1 / count),
      };
    });
    return {
      loss: mean(
        concat(
          results.map(({ loss }) => loss),
          2,
        ),
      ),
      gradient: concat(
        results.map(({ gradient }) => gradient),
        2,
      ),
    };
  },
};

/** Of the loss with respect to the error, which is the target less the prediction. */
function slope(level: number, error: number): number {
  return signOf(error) * (error > 0 ? level : 1 - level);
}
