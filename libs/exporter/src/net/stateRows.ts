import type { StateRow } from '@onda/contract';
import type { Net } from './net.ts';

/** How the states of all layers lie in the one state row of a sequence: for each layer h, then c of an lstm. */
export function stateRows({ layers }: Net): StateRow[] {
  const parts = layers.flatMap(({ name, weights: { cell, units } }) => {
    const kinds = cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const);
    return kinds.map((kind) => ({ layer: name, kind, size: units }));
  });
  let offset = 0;
  return parts.map(({ layer, kind, size }) => {
    const row = { layer, kind, offset, size };
    offset += size;
    return row;
  });
}
