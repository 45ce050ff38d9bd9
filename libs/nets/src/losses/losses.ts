import type { Loss, LossKind } from './loss.ts';
import { meanSquaredError } from './meanSquaredError.ts';

/** Every loss that a configuration may name. */
export const losses = {
  mse: meanSquaredError,
} satisfies Record<LossKind, Loss>;
