import type { StateRow } from '@onda/contract';
import type { NetSpec } from './netSpec.ts';

/** Name of a recurrent layer, in artifacts and manifests. */
export function layerName(layer: number): string {
  return `recurrent_${layer}`;
}

/** How the states of all layers lie in the one state row of a sequence: for each layer h, then c of an lstm. */
export function stateRows({ cell, units, layers }: NetSpec): StateRow[] {
  const kinds = cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const);
  return Array.from({ length: layers }, (_, layer) =>
    kinds.map((kind) => ({ layer: layerName(layer), kind })),
  )
    .flat()
    .map((row, index) => ({ ...row, offset: index * units, size: units }));
}
