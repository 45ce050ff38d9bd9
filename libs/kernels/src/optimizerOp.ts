/**
 * The optimizer op: one call updates all variables of a net by one step. Each backend registers a kernel of this name; both run
 * core/optimizer.h.
 *
 * Inputs, as an array in this order (all float32):
 *   params...  the variables, any shapes
 *   grads...   the gradient of each variable, in its shape
 *   slots      [slotCounts[kind] * total], where `total` is the number of elements of all variables together: the first moments of
 *              all variables, flattened one after another in the order of `params`, then the second moments. Zeros before step 1.
 * Outputs, as an array in this order:
 *   params...  the new values, in the same shapes
 *   slots      the new slots
 * The inputs keep their values.
 *
 * Formulas are PyTorch's (torch.optim, single-tensor), g the gradient after clipping, t the step:
 *
 *   clipNorm > 0   norm = sqrt(sum of squares of all gradients); g = grad * min(1, clipNorm / (norm + 1e-6))
 *   adam           g += weightDecay p; m = m + (1 - beta1) (g - m); v = beta2 v + (1 - beta2) g^2;
 *                  p -= learningRate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 *   adamw          p *= 1 - learningRate weightDecay; then as adam without weightDecay
 *   rmsprop        g += weightDecay p; v = smoothing v + (1 - smoothing) g^2; p -= learningRate g / (sqrt(v) + epsilon)
 *   sgd            g += weightDecay p; b = g at step 1, else momentum b + g; p -= learningRate b
 *
 * Factors that depend on attributes alone (1 - beta1, the bias corrections) are computed in double precision and rounded once.
 */
export const optimizerKernelName = 'OndaOptimizer';

/** In the order of core/optimizer.h. */
export const optimizerKinds = ['adam', 'adamw', 'rmsprop', 'sgd'] as const;

export type OptimizerKind = (typeof optimizerKinds)[number];

/** Every call has all of them; each kind reads those of its formula. */
export interface OptimizerAttributes {
  kind: OptimizerKind;
  learningRate: number;
  /** adam, adamw: decay of the first moment. */
  beta1: number;
  /** adam, adamw: decay of the second moment. */
  beta2: number;
  /** rmsprop: decay of the mean square (PyTorch's alpha). */
  smoothing: number;
  /** adam, adamw, rmsprop: added outside the square root. */
  epsilon: number;
  /** sgd only. */
  momentum: number;
  weightDecay: number;
  /** Maximum norm of all gradients together; 0: no clipping. */
  clipNorm: number;
  /** The first step is 1. */
  step: number;
}

/** Values kept per weight: adam and adamw the two moments, rmsprop the mean square, sgd the momentum buffer. */
export const slotCounts = { adam: 2, adamw: 2, rmsprop: 1, sgd: 1 } as const satisfies Record<
  OptimizerKind,
  number
>;

/** PyTorch's defaults; the caller sets `step` and `learningRate`. */
export const optimizerDefaults = {
  beta1: 0.9,
  beta2: 0.999,
  smoothing: 0.99,
  epsilon: 1e-8,
  momentum: 0,
  weightDecay: 0,
  clipNorm: 0,
} as const satisfies Omit<OptimizerAttributes, 'kind' | 'learningRate' | 'step'>;

/**
 * The factors of the update, computed in double precision and rounded once: the fields of OptimizerFactors in core/optimizer.h, in its order.
 */
export function optimizerFactors(attributes: OptimizerAttributes): Float32Array<ArrayBuffer> {
  const { kind, learningRate, beta1, beta2, smoothing, epsilon, momentum, weightDecay, clipNorm, step } =
    attributes;
  const adam = kind === 'adam' || kind === 'adamw';
  const second = adam ? beta2 : smoothing;
  return Float32Array.of(
    adam ? learningRate / (1 - power(beta1, step)) : learningRate,
    1 - beta1,
    second,
    1 - second,
    Math.sqrt(1 - power(beta2, step)),
    epsilon,
    step === 1 ? 0 : momentum,
    kind === 'adamw' ? 0 : weightDecay,
    kind === 'adamw' ? 1 - learningRate * weightDecay : 1,
    clipNorm,
  );
}

/** base ** exponent for a whole exponent from 0, by squaring: `**` is not the same in all engines. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest >= 1; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
