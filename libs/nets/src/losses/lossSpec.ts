import { ConfigError } from '@onda/contract';
import type { ReadoutLossAttributes } from '../readoutLossOp.ts';
import { lossKinds } from '../readoutLossOp.ts';

/** A loss with its parameters; formulas in readoutLossOp.ts. */
export type LossSpec =
  | { readonly kind: 'mse' | 'mae' | 'gaussian' }
  /** `delta`: where the parabola turns into a line; 1 when left out, as in PyTorch. */
  | { readonly kind: 'huber'; readonly delta?: number }
  /** `levels`: the quantiles to predict, 0.5 first: the median is the net's prediction. */
  | { readonly kind: 'quantile'; readonly levels: readonly number[] };

/** PyTorch's nn.HuberLoss. */
const HUBER_DELTA = 1;

/**
 * The attributes of the read-out and loss op for a loss.
 *
 * @param where names it in messages: `net loss`
 * @throws ConfigError for a loss that is not known, or a parameter out of its range
 */
export function lossAttributes(
  spec: LossSpec,
  where: string,
): Pick<ReadoutLossAttributes, 'loss' | 'delta' | 'levels'> {
  // A saved model or a JavaScript caller may hold anything.
  if (!(lossKinds as readonly unknown[]).includes(spec.kind)) {
    throw new ConfigError(
      `${where}: expected one of ${lossKinds.join(', ')}, got ${JSON.stringify(spec.kind)}; take one of them`,
    );
  }
  const delta = spec.kind === 'huber' ? (spec.delta ?? HUBER_DELTA) : HUBER_DELTA;
  if (!(delta > 0 && delta < Infinity)) {
    throw new ConfigError(`${where}: huber delta: expected a number above 0, got ${delta}; set it`);
  }
  const levels = spec.kind === 'quantile' ? (spec.levels as LevelList) : [];
  if (spec.kind === 'quantile') checkLevels(levels, where);
  return { loss: spec.kind, delta, levels: levels ?? [] };
}

/** What the type of a spec leaves out: a JavaScript caller may forget it. */
type LevelList = readonly number[] | undefined;

function checkLevels(levels: LevelList, where: string): void {
  const fits =
    Array.isArray(levels) &&
    levels[0] === 0.5 &&
    levels.every((level: unknown) => typeof level === 'number' && level > 0 && level < 1) &&
    new Set(levels).size === levels.length;
  if (fits) return;
  throw new ConfigError(
    `${where}: quantile levels: expected different numbers above 0 and below 1, the first of them 0.5, got ${levels === undefined ? 'nothing' : JSON.stringify(levels)}; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]`,
  );
}

/** How many columns of the read-out belong to one output: the point prediction, and what else the loss needs. */
export function lossBlocks(spec: LossSpec | undefined): number {
  if (spec?.kind === 'gaussian') return 2;
  return spec?.kind === 'quantile' ? spec.levels.length : 1;
}
