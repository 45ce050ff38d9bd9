import type { CellKind } from '@onda/contract';
import { recurrentLayers } from '../layers/recurrentLayers.ts';
import type { NetSpec } from '../netSpec.ts';
import { readoutColumns } from '../netSpec.ts';
import { layerName } from '../stateRows.ts';
import { readoutName } from '../weightSpecs.ts';

/** What a layer's configuration holds beyond the common options. */
const ownConfig = {
  rnn: { activation: 'tanh' },
  lstm: {},
  gru: { reset_after: true },
} satisfies Record<CellKind, object>;

/** The topology of a net as TensorFlow.js writes that of a sequential model: keys in its Python style. */
export function writeTopology(spec: NetSpec): object {
  const { cell, units, layers, features } = spec;
  const recurrent = Array.from({ length: layers }, (_, layer) => ({
    class_name: recurrentLayers[cell].className,
    config: {
      name: layerName(layer),
      trainable: true,
      ...(layer === 0 ? { batch_input_shape: [null, null, features], dtype: 'float32' } : {}),
      units,
      return_sequences: true,
      return_state: false,
      go_backwards: false,
      ...ownConfig[cell],
    },
  }));
  const dense = {
    class_name: 'Dense',
    config: {
      name: readoutName,
      trainable: true,
      units: readoutColumns(spec),
      activation: 'linear',
      use_bias: true,
    },
  };
  return { class_name: 'Sequential', config: { name: 'onda', layers: [...recurrent, dense] } };
}
