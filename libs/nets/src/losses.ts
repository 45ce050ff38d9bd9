import { ConfigError } from '@onda/contract';
import type { ReadoutLossAttributes } from '@onda/kernels';
import { lossKinds } from '@onda/kernels';

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
