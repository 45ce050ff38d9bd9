import type { CellKind } from '@onda/contract';
import type { CpuCell } from './cpuCell.ts';
import { gruCell } from './gruCell.ts';
import { lstmCell } from './lstmCell.ts';
import { rnnCell } from './rnnCell.ts';

export const cpuCells = {
  rnn: rnnCell,
  lstm: lstmCell,
  gru: gruCell,
} satisfies Record<CellKind, CpuCell>;
