import type { CellKind } from '@onda/contract';
import { OndaGRU } from './ondaGRU.ts';
import { OndaLSTM } from './ondaLSTM.ts';
import { OndaRNN } from './ondaRNN.ts';

/** The layer of each cell. */
export const recurrentLayers = {
  rnn: OndaRNN,
  lstm: OndaLSTM,
  gru: OndaGRU,
} satisfies Record<CellKind, unknown>;
