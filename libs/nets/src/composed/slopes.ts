import type { Tensor2D } from '@tensorflow/tfjs-core';
import { mul, scalar, square, sub } from '@tensorflow/tfjs-core';

/** gradient * (1 - value^2): back through value = tanh(sum). */
export function throughTanh(gradient: Tensor2D, value: Tensor2D): Tensor2D {
  return mul(gradient, sub(scalar(1), square(value)));
}

/** gradient * value * (1 - value): back through value = sigmoid(sum). */
export function throughSigmoid(gradient: Tensor2D, value: Tensor2D): Tensor2D {
  return mul(gradient, mul(value, sub(scalar(1), value)));
}
