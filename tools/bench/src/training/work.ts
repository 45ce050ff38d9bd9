import type { CellKind } from '@onda/contract';
import { cellKinds, ConfigError } from '@onda/contract';
import type { NetSpec } from '@onda/nets';
import { gateCounts } from '@onda/nets';

/** A net and what one training step of it sees. */
export interface Work {
  /** Such as `rnn-32-1-20` or `lstm2-256-64-100`: cell (and layers), units, batch, samples. */
  name: string;
  spec: NetSpec;
  batch: number;
  /** Of one chunk. */
  samples: number;
  /** Whether the state of one chunk starts the next, as in the first job. */
  carry: boolean;
}

/** The first job's net and chunk. */
export const firstJob = 'rnn-32-1-20';

/** The works that the goals are set for. */
export const usualWorks = [
  firstJob,
  'rnn-128-32-50',
  'lstm-128-32-50',
  'gru-128-32-50',
  'lstm-51-97-999',
  'lstm2-256-64-100',
] as const;

const form = new RegExp(
  `^(?<cell>${cellKinds.join('|')})(?<layers>[1-9]\\d?)?-(?<units>[1-9]\\d{0,4})-(?<batch>[1-9]\\d{0,4})-(?<samples>[1-9]\\d{0,5})$`,
);

/**
 * Reads the name of a work. One value goes in and one comes out at every sample.
 *
 * @throws ConfigError for a name of another form
 */
export function parseWork(name: string): Work {
  const parts = form.exec(name)?.groups;
  if (!parts)
    throw new ConfigError(
      `--works: expected CELL-UNITS-BATCH-SAMPLES such as rnn-32-1-20, or lstm2-256-64-100 for two layers (cells: ${cellKinds.join(', ')}), got ${JSON.stringify(name)}; correct the name`,
    );
  return {
    name,
    spec: {
      cell: parts['cell'] as CellKind,
      units: Number(parts['units']),
      layers: Number(parts['layers'] ?? 1),
      features: 1,
      outputs: 1,
    },
    batch: Number(parts['batch']),
    samples: Number(parts['samples']),
    carry: name === firstJob,
  };
}

/**
 * Floating-point operations of the matrix products in one training step, a multiplication and an addition each counted: forward, the
 * gradients of the weights, and those of the values that go in where something before them needs it. Gates, loss and optimizer are
 * left out.
 */
export function stepFlops({ spec, batch, samples }: Pick<Work, 'spec' | 'batch' | 'samples'>): number {
  const { cell, units, layers, features, outputs } = spec;
  const rows = gateCounts[cell] * units;
  let products = 3 * units * outputs;
  for (let layer = 0; layer < layers; layer++) {
    const inputs = layer === 0 ? features : units;
    products += rows * (3 * units + (layer === 0 ? 2 : 3) * inputs);
  }
  return 2 * batch * samples * products;
}
