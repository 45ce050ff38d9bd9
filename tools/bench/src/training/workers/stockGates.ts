import * as tf from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';

/**
 * Where each gate of TF.js's layers stands in PyTorch's weights.
 *
 *   TF.js   rnn: h   lstm: i f c o   gru: z r h   (tfjs-layers recurrent.ts, call of each cell)
 *   PyTorch rnn: h   lstm: i f g o   gru: r z n   (torch.nn.LSTM, torch.nn.GRU)
 */
const gatePlaces = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] } satisfies Record<CellKind, number[]>;

/** How many states a layer has: h, and LSTM's c. */
export const stateCounts = { rnn: 1, lstm: 2, gru: 1 } satisfies Record<CellKind, number>;

/** A weight with its gates in TF.js's order; they lie along the first dim, [gates * units, ...]. */
export function stockGates(weight: tf.Tensor, cell: CellKind): tf.Tensor {
  const places = gatePlaces[cell];
  const gates = tf.split(weight, places.length);
  return tf.concat(places.map((place) => gates[place]));
}
