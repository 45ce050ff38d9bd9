import type { FitConfig } from '@onda/contract';
import type { LossSpec, NetSpec } from '@onda/nets';
import type { DataSource } from '@onda/series';

/** The loss that a configuration asks for. */
export function lossOf({ training: { loss, huberDelta, quantiles } }: FitConfig): LossSpec {
  if (loss === 'huber') return { kind: loss, delta: huberDelta };
  return loss === 'quantile' ? { kind: loss, levels: quantiles } : { kind: loss };
}

/** The net that a configuration asks for: a loss that fits a distribution has a read-out of its own, so it belongs to the net. */
export function netOf(config: FitConfig, { features, outputs }: DataSource): NetSpec {
  const { dropout, ...sizes } = config.net;
  const loss = lossOf(config);
  return {
    ...sizes,
    features,
    outputs,
    ...((loss.kind === 'gaussian' || loss.kind === 'quantile') && { loss }),
    ...(dropout > 0 && { dropout: { rate: dropout, seed: config.seed } }),
  };
}
