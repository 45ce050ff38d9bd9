import type { CellKind } from '@onda/contract';
import { cellKinds, ConfigError } from '@onda/contract';
import type { LossSpec } from './losses/lossSpec.ts';
import { lossAttributes, lossBlocks } from './losses/lossSpec.ts';

/** What a net is made of: `layers` recurrent layers of `units`, then a linear read-out to `outputs` on every sample's h. */
export interface NetSpec {
  readonly cell: CellKind;
  readonly units: number;
  readonly layers: number;
  readonly features: number;
  readonly outputs: number;
  /**
   * The loss that the read-out is made for; mse when left out. gaussian and quantile need more columns than `outputs`, the first
   * block of which is the net's prediction: the mean, the median.
   */
  readonly loss?: LossSpec;
  /** Between stacked layers, in training alone. */
  readonly dropout?: DropoutSpec;
}

export interface DropoutSpec {
  /** Share of a layer's values that the layer above it does not see, from 0 to below 1; the others grow by 1 / (1 - rate). */
  readonly rate: number;
  /** A whole number; with the number of the draw it says which values. */
  readonly seed: number;
}

/** Columns of the read-out. */
export function readoutColumns({ outputs, loss }: Pick<NetSpec, 'outputs' | 'loss'>): number {
  return outputs * lossBlocks(loss);
}

/** @throws ConfigError for a size, cell, loss or dropout that a net cannot have */
export function checkNetSpec(spec: NetSpec): void {
  // Typed or not, a spec may come from a file.
  if (!cellKinds.includes(spec.cell)) {
    throw new ConfigError(
      `net cell: expected one of ${cellKinds.join(', ')}, got ${JSON.stringify(spec.cell)}; take one of them`,
    );
  }
  for (const name of ['units', 'layers', 'features', 'outputs'] as const) {
    if (Number.isInteger(spec[name]) && spec[name] >= 1) continue;
    throw new ConfigError(
      `net ${name}: expected a whole number of at least 1, got ${JSON.stringify(spec[name])}; set it`,
    );
  }
  if (spec.loss !== undefined) lossAttributes(spec.loss, 'net loss');
  if (spec.dropout === undefined) return;
  const { rate, seed } = spec.dropout;
  if (!(rate >= 0 && rate < 1)) {
    throw new ConfigError(`net dropout rate: expected a number from 0 to below 1, got ${rate}; set it`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`net dropout seed: expected a whole number, got ${seed}; set it`);
  }
}
