import { ConfigError } from '@onda/contract';
import type { LossSpec } from './losses/lossSpec.ts';
import { lossAttributes, lossBlocks } from './losses/lossSpec.ts';
import type { NetSpec } from './netSpec.ts';
import type { LossKind } from './readoutLossOp.ts';

const meanSquaredError: LossSpec = { kind: 'mse' };

/**
 * The loss that a training step means. A kind alone is the net's own loss when that is of the kind, else the loss with its defaults.
 *
 * @param given left out: the net's own
 * @throws ConfigError for a loss that needs another read-out than the net has
 */
export function netLoss(spec: NetSpec, given: LossKind | LossSpec | undefined): LossSpec {
  const own = spec.loss ?? meanSquaredError;
  if (given === undefined || given === own || given === own.kind) return own;
  if (given === 'quantile') {
    throw new ConfigError(
      `net loss: expected the levels of the quantiles beside "quantile", got none; name them, as in { kind: 'quantile', levels: [0.5, 0.1, 0.9] }`,
    );
  }
  const loss: LossSpec = typeof given === 'string' ? { kind: given } : given;
  lossAttributes(loss, 'net loss');
  const same =
    loss.kind === 'quantile' && own.kind === 'quantile'
      ? String(loss.levels) === String(own.levels)
      : lossBlocks(loss) === lossBlocks(own) && isPlain(loss) === isPlain(own);
  if (same) return loss;
  throw new ConfigError(
    `net loss: expected one for the read-out of ${lossText(own)}, which the net was made with, got ${lossText(loss)}; make the net with this loss in its spec`,
  );
}

/** Whether each column of the read-out is the prediction of an output. */
function isPlain({ kind }: LossSpec): boolean {
  return kind !== 'gaussian' && kind !== 'quantile';
}

function lossText(loss: LossSpec): string {
  return loss.kind === 'quantile' ? `quantile [${loss.levels.join(', ')}]` : loss.kind;
}
