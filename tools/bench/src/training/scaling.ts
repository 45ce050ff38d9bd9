import type { CellKind } from '@onda/contract';
import type { Work } from './work.ts';
import { parseWork } from './work.ts';

/** One size grows, the others stay. */
export interface Sweep {
  size: 'units' | 'batch' | 'samples';
  works: readonly Work[];
}

/** Where the others stay: the sizes that the goals are set for. */
const base = { units: 128, batch: 32, samples: 50 };

const values = {
  units: [16, 32, 64, 128, 256, 512],
  batch: [1, 4, 16, 32, 64, 128, 256],
  samples: [10, 20, 50, 100, 200, 500, 1000, 2000],
} satisfies Record<Sweep['size'], number[]>;

/** The sweeps of a cell; they share the work that has every size of the base. */
export function sweepsOf(cell: CellKind): Sweep[] {
  return (['units', 'batch', 'samples'] as const).map((size) => ({
    size,
    works: values[size].map((value) => {
      const sizes = { ...base, [size]: value };
      return parseWork(`${cell}-${sizes.units}-${sizes.batch}-${sizes.samples}`);
    }),
  }));
}

/** The size that a sweep varies, of a work. */
export function sizeOf(work: Work, size: Sweep['size']): number {
  return size === 'units' ? work.spec.units : work[size];
}
