import type { OptimizerAttributes } from '@onda/kernels';

/** Slots as rows: slot, weight. */
export interface OptimizerState {
  weights: number[];
  slots: number[][];
}

/** One step of torch.optim in double precision, weight by weight; formulas in libs/kernels/src/optimizerOp.ts. */
export function referenceOptimizer(
  { weights, slots }: OptimizerState,
  gradients: readonly number[],
  attributes: OptimizerAttributes,
): OptimizerState {
  const { kind, learningRate, beta1, beta2, smoothing, epsilon, momentum, weightDecay, clipNorm, step } =
    attributes;
  const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + gradient * gradient, 0));
  const scale = clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
  const after: OptimizerState = { weights: [], slots: slots.map(() => []) };
  for (const [index, weight] of weights.entries()) {
    const decay = kind === 'adamw' ? 0 : weightDecay;
    const g = gradients[index] * scale + decay * weight;
    if (kind === 'adam' || kind === 'adamw') {
      const m = beta1 * slots[0][index] + (1 - beta1) * g;
      const v = beta2 * slots[1][index] + (1 - beta2) * g * g;
      const root = Math.sqrt(v / (1 - beta2 ** step)) + epsilon;
      const kept = kind === 'adamw' ? weight * (1 - learningRate * weightDecay) : weight;
      after.weights.push(kept - (learningRate * (m / (1 - beta1 ** step))) / root);
      after.slots[0].push(m);
      after.slots[1].push(v);
    } else if (kind === 'rmsprop') {
      const v = smoothing * slots[0][index] + (1 - smoothing) * g * g;
      after.weights.push(weight - (learningRate * g) / (Math.sqrt(v) + epsilon));
      after.slots[0].push(v);
    } else {
      const buffer = step === 1 ? g : momentum * slots[0][index] + g;
      after.weights.push(weight - learningRate * buffer);
      after.slots[0].push(buffer);
    }
  }
  return after;
}
