import type { Family } from '../modelPlan.ts';
import { aroundFamilies } from './around.ts';
import { maskedFamilies } from './masked.ts';
import { pictureFamilies } from './pictures.ts';
import { recurrentFamilies } from './recurrent.ts';

/** All entries of the matrix. */
export const matrixFamilies: readonly Family[] = [
  ...recurrentFamilies,
  ...maskedFamilies,
  ...aroundFamilies,
  ...pictureFamilies,
];
