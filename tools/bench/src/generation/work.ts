import type { CellKind } from '@onda/contract';
import { cellKinds, ConfigError } from '@onda/contract';
import type { NetSpec } from '@onda/nets';

/** A net in closed loop: `generation-lstm-32-64` is one LSTM layer of 32 units, 64 sequences at once. */
export interface GenerationWork {
  name: string;
  spec: NetSpec;
  batch: number;
}

const sizes = { units: [32, 128], batches: [1, 64, 1024] } as const;

/** The works that the goals are set for. */
export const usualWorks: readonly string[] = cellKinds.flatMap((cell) =>
  sizes.units.flatMap((units) => sizes.batches.map((batch) => `generation-${cell}-${units}-${batch}`)),
);

const form = new RegExp(
  `^generation-(?<cell>${cellKinds.join('|')})(?<layers>[1-9]\\d?)?-(?<units>[1-9]\\d{0,4})-(?<batch>[1-9]\\d{0,4})$`,
);

/**
 * Reads the name of a work. One value goes in and one comes out at every sample.
 *
 * @throws ConfigError for a name of another form
 */
export function parseWork(name: string): GenerationWork {
  const parts = form.exec(name)?.groups;
  if (!parts)
    throw new ConfigError(
      `--works: expected generation-CELL-UNITS-BATCH such as generation-rnn-32-1, or generation-lstm2-32-1 for two layers (cells: ${cellKinds.join(', ')}), got ${JSON.stringify(name)}; correct the name`,
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
  };
}
