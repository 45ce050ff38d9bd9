import { serialization } from '@tensorflow/tfjs-core';
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

/**
 * Makes TensorFlow.js know the recurrent layers by name, so that it loads models that hold them. Calling it again does nothing new.
 *
 * @example
 * registerLayers();
 * const model = await tf.loadLayersModel('file://model.json');
 */
export function registerLayers(): void {
  serialization.registerClass(OndaRNN);
  serialization.registerClass(OndaLSTM);
  serialization.registerClass(OndaGRU);
}
