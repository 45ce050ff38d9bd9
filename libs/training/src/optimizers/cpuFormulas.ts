import type { OptimizerAttributes, OptimizerKind } from '@onda/nets';
import { CLIP_EPSILON } from '@onda/nets';

/** One variable's share of a step, on typed arrays. `before` is only read, `after` only written. */
export interface VariableStep {
  /** Elements of the variable. */
  size: number;
  param: Float32Array;
  grad: Float32Array;
  newParam: Float32Array;
  slots: Float32Array;
  newSlots: Float32Array;
  /** Where the variable's elements start in each slot. */
  offset: number;
  /** Elements of a slot: of all variables together. */
  total: number;
  /** What clipping multiplies gradients by. */
  gradScale: number;
}

type Formula = (step: VariableStep, attributes: OptimizerAttributes) => void;

/** PyTorch's formulas (see optimizerOp.ts in libs/nets): double precision inside, rounded where a value is stored. */
export const cpuFormulas = { adam, adamw: adam, rmsprop, sgd } satisfies Record<OptimizerKind, Formula>;

/** What clipping to `clipNorm` multiplies every gradient by: 1 when the norm of all of them is short enough. */
export function clipScale(grads: readonly Float32Array[], clipNorm: number): number {
  if (clipNorm === 0) return 1;
  let squares = 0;
  for (const grad of grads) {
    for (let i = 0; i < grad.length; i++) squares += grad[i] * grad[i];
  }
  return Math.min(1, clipNorm / (Math.sqrt(squares) + CLIP_EPSILON));
}

function adam(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, total, gradScale } = step;
  const { kind, learningRate, beta1, beta2, epsilon, weightDecay } = attributes;
  const decoupled = kind === 'adamw';
  const keep = decoupled ? 1 - learningRate * weightDecay : 1;
  const coupledDecay = decoupled ? 0 : weightDecay;
  const stepSize = learningRate / (1 - beta1 ** attributes.step);
  const rootCorrection = 1 / Math.sqrt(1 - beta2 ** attributes.step);
  for (let i = 0, first = offset, second = offset + total; i < size; i++, first++, second++) {
    const g = grad[i] * gradScale + coupledDecay * param[i];
    const m = slots[first] + (1 - beta1) * (g - slots[first]);
    const v = beta2 * slots[second] + (1 - beta2) * g * g;
    newSlots[first] = m;
    newSlots[second] = v;
    newParam[i] = keep * param[i] - (stepSize * m) / (Math.sqrt(v) * rootCorrection + epsilon);
  }
}

function rmsprop(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, gradScale } = step;
  const { learningRate, smoothing, epsilon, weightDecay } = attributes;
  for (let i = 0, at = offset; i < size; i++, at++) {
    const g = grad[i] * gradScale + weightDecay * param[i];
    const v = smoothing * slots[at] + (1 - smoothing) * g * g;
    newSlots[at] = v;
    newParam[i] = param[i] - (learningRate * g) / (Math.sqrt(v) + epsilon);
  }
}

function sgd(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, gradScale } = step;
  const { learningRate, momentum, weightDecay } = attributes;
  for (let i = 0, at = offset; i < size; i++, at++) {
    const g = grad[i] * gradScale + weightDecay * param[i];
    // Slots are zeros before step 1, so b = g there without a case of its own.
    const b = momentum * slots[at] + g;
    newSlots[at] = b;
    newParam[i] = param[i] - learningRate * b;
  }
}
