import type { LossKind } from '../readoutLossOp.ts';
import { gaussian } from './gaussian.ts';
import { huber } from './huber.ts';
import type { Loss } from './loss.ts';
import { meanAbsoluteError } from './meanAbsoluteError.ts';
import { meanSquaredError } from './meanSquaredError.ts';
import { quantile } from './quantile.ts';

/** Every loss. */
export const losses = {
  mse: meanSquaredError,
  mae: meanAbsoluteError,
  huber,
  gaussian,
  quantile,
} satisfies Record<LossKind, Loss>;
