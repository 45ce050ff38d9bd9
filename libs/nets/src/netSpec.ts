import type { CellKind, StateRow } from '@onda/contract';
import { cellKinds, ConfigError } from '@onda/contract';
import type { LossSpec } from './losses.ts';
import { lossAttributes, lossBlocks } from './losses.ts';

/** The architecture of a net: `layers` recurrent layers of `units`, then a linear read-out of every h to `outputs`. */
export interface NetSpec {
  readonly cell: CellKind;
  readonly units: number;
  readonly layers: number;
  readonly features: number;
  readonly outputs: number;
  /**
   * The loss that the read-out is built for; default mse. gaussian and quantile have several blocks of `outputs` columns; the first
   * block is the point prediction (the mean, the median).
   */
  readonly loss?: LossSpec;
  /** Dropout between stacked layers, in training only. */
  readonly dropout?: DropoutSpec;
}

export interface DropoutSpec {
  /** Probability that a value is set to 0, from 0 to below 1; the other values are scaled by 1 / (1 - rate). */
  readonly rate: number;
  /** A whole number; seed and training step determine the mask. */
  readonly seed: number;
}

/** Number of columns of the read-out. */
export function readoutColumns({ outputs, loss }: Pick<NetSpec, 'outputs' | 'loss'>): number {
  return outputs * lossBlocks(loss);
}

/** @throws ConfigError for an invalid size, cell, loss or dropout */
export function checkNetSpec(spec: NetSpec): void {
  // A spec may come from a file, unchecked by types.
  if (!cellKinds.includes(spec.cell)) {
    throw new ConfigError(
      `net cell: expected one of ${cellKinds.join(', ')}, got ${JSON.stringify(spec.cell)}; use one of them`,
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

/** Name of a recurrent layer, in artifacts and manifests. */
export function layerName(layer: number): string {
  return `recurrent_${layer}`;
}

/** The layout of a sequence's state row: for each layer h, then (lstm) c. */
export function stateRows({ cell, units, layers }: NetSpec): StateRow[] {
  const kinds = cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const);
  return Array.from({ length: layers }, (_, layer) =>
    kinds.map((kind) => ({ layer: layerName(layer), kind })),
  )
    .flat()
    .map((row, index) => ({ ...row, offset: index * units, size: units }));
}
