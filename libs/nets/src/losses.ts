import { ConfigError } from '@onda/contract';
import type { LossKind, ReadoutLossAttributes } from './readoutLossOp.ts';
import { GAUSSIAN_EPSILON, lossKinds } from './readoutLossOp.ts';

/** A loss and its parameters; formulas in readoutLossOp.ts. */
export type LossSpec =
  | { readonly kind: 'mse' | 'mae' | 'gaussian' }
  /** `delta`: where the parabola becomes a line; default 1, as in PyTorch. */
  | { readonly kind: 'huber'; readonly delta?: number }
  /** `levels`: the quantiles to predict, 0.5 first: the median is the net's point prediction. */
  | { readonly kind: 'quantile'; readonly levels: readonly number[] };

/** PyTorch's nn.HuberLoss. */
const HUBER_DELTA = 1;

/**
 * The attributes of the read-out and loss op for a loss.
 *
 * @param where names the setting in messages: `net loss`
 * @throws ConfigError for an unknown loss, or a parameter out of its range
 */
export function lossAttributes(
  spec: LossSpec,
  where: string,
): Pick<ReadoutLossAttributes, 'loss' | 'delta' | 'levels'> {
  // Saved models and JavaScript callers are not type-checked.
  if (!(lossKinds as readonly unknown[]).includes(spec.kind)) {
    throw new ConfigError(
      `${where}: expected one of ${lossKinds.join(', ')}, got ${JSON.stringify(spec.kind)}; use one of them`,
    );
  }
  const delta = spec.kind === 'huber' ? (spec.delta ?? HUBER_DELTA) : HUBER_DELTA;
  if (!(delta > 0 && delta < Infinity)) {
    throw new ConfigError(`${where}: huber delta: expected a number above 0, got ${delta}; set it`);
  }
  if (spec.kind !== 'quantile') return { loss: spec.kind, delta, levels: [] };
  const levels = spec.levels as readonly number[] | undefined;
  const valid =
    Array.isArray(levels) &&
    levels[0] === 0.5 &&
    levels.every((level: unknown) => typeof level === 'number' && level > 0 && level < 1) &&
    new Set(levels).size === levels.length;
  if (!valid) {
    throw new ConfigError(
      `${where}: quantile levels: expected distinct numbers above 0 and below 1, 0.5 first, got ${levels === undefined ? 'nothing' : JSON.stringify(levels)}; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]`,
    );
  }
  return { loss: spec.kind, delta, levels };
}

/** Columns of the read-out per output: the point prediction, and the other parameters that the loss needs. */
export function lossBlocks(spec: LossSpec | undefined): number {
  if (spec?.kind === 'gaussian') return 2;
  return spec?.kind === 'quantile' ? spec.levels.length : 1;
}

interface LossArrays {
  /** [rows, blocks * outputs] */
  readonly prediction: Float32Array;
  /** [rows, outputs] */
  readonly target: Float32Array;
  /** Output: the gradient with respect to the prediction, [rows, blocks * outputs]. */
  readonly gradient: Float32Array;
  readonly outputs: number;
}

/** Fills the gradient and returns the loss, the mean over all target values. */
type LossFunction = (
  arrays: LossArrays,
  attributes: Pick<ReadoutLossAttributes, 'delta' | 'levels'>,
) => number;

/** The losses on typed arrays. */
export const losses: Record<LossKind, LossFunction> = {
  mse: ({ prediction, target, gradient }) => {
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
  mae: ({ prediction, target, gradient }) => {
    const count = target.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const difference = prediction[i] - target[i];
      sum += Math.abs(difference);
      gradient[i] = Math.sign(difference) / count;
    }
    return sum / count;
  },
  huber: ({ prediction, target, gradient }, { delta }) => {
    const count = target.length;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const difference = prediction[i] - target[i];
      const clipped = difference > delta ? delta : difference < -delta ? -delta : difference;
      sum += clipped * (difference - clipped / 2);
      gradient[i] = clipped / count;
    }
    return sum / count;
  },
  gaussian,
  quantile,
};

const LOG_EPSILON = Math.log(GAUSSIAN_EPSILON);

/** The negative log-likelihood of a normal distribution with variance e^s, without its constant: PyTorch's nn.GaussianNLLLoss. */
function gaussian({ prediction, target, gradient, outputs }: LossArrays): number {
  const count = target.length;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    // For row r and output o, i = r * outputs + o, and the mean is at 2 * r * outputs + o.
    const at = 2 * i - (i % outputs);
    const difference = prediction[at] - target[i];
    const s = prediction[at + outputs];
    const clipped = s < LOG_EPSILON ? LOG_EPSILON : s;
    const precision = Math.exp(-clipped);
    const error = difference * difference * precision;
    sum += (clipped + error) / 2;
    gradient[at] = (difference * precision) / count;
    // Below epsilon, PyTorch passes the gradient of the clipped variance on to the variance itself.
    const share = s < LOG_EPSILON ? Math.exp(s - LOG_EPSILON) : 1;
    gradient[at + outputs] = ((1 - error) * share) / (2 * count);
  }
  return sum / count;
}

/** The pinball loss; its minimum at level q is the q-quantile of the target. */
function quantile(
  { prediction, target, gradient, outputs }: LossArrays,
  { levels }: Pick<ReadoutLossAttributes, 'levels'>,
): number {
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
      gradient[at] = (-Math.sign(error) * (error > 0 ? level : 1 - level)) / count;
    }
  }
  return sum / count;
}
