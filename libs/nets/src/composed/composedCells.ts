import type { CellKind } from '@onda/contract';
import type { ComposedCell } from './composedCell.ts';
import { gruSteps } from './gruSteps.ts';
import { lstmSteps } from './lstmSteps.ts';
import { rnnSteps } from './rnnSteps.ts';

export const composedCells = {
  rnn: rnnSteps,
  lstm: lstmSteps,
  gru: gruSteps,
} satisfies Record<CellKind, ComposedCell>;
