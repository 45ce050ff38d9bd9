import type { CellKind } from '@onda/contract';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { readOndaLayer } from './readOndaLayer.ts';
import { readStockCell } from './readStockCell.ts';
import type { RecurrentWeights } from './recurrentWeights.ts';

type Read = (options: LayerOptions, weights: LayerWeights) => RecurrentWeights;

const stock =
  (cell: CellKind): Read =>
  (options, weights) =>
    readStockCell(cell, options, weights);
const onda =
  (cell: CellKind): Read =>
  (options, weights) =>
    readOndaLayer(cell, options, weights);

/** How to read each class of recurrent layer or cell. */
export const recurrentKinds = {
  SimpleRNN: stock('rnn'),
  SimpleRNNCell: stock('rnn'),
  LSTM: stock('lstm'),
  LSTMCell: stock('lstm'),
  GRU: stock('gru'),
  GRUCell: stock('gru'),
  OndaRNN: onda('rnn'),
  OndaLSTM: onda('lstm'),
  OndaGRU: onda('gru'),
} as const satisfies Record<string, Read>;

export type RecurrentClass = keyof typeof recurrentKinds;

export function isRecurrentClass(className: string): className is RecurrentClass {
  return Object.hasOwn(recurrentKinds, className);
}
