import { ModelError } from '@onda/contract';
import { convertLayer, isStockRecurrent } from './convertLayer.ts';
import type { TopologyEntry } from './topology.ts';
import { layersOf, maybeEntry } from './topology.ts';

/**
 * A model's topology with our recurrent layers in place of TensorFlow.js's; everything else stays.
 *
 * @param model sequential or functional, also with models inside
 * @throws ModelError naming a layer that has no equal among ours
 */
export function convertTopology(model: TopologyEntry): TopologyEntry {
  const all = nested(model);
  if (!all.some(isStockRecurrent)) {
    throw new ModelError(
      'model: expected a SimpleRNN, LSTM or GRU layer, got none; there is nothing to import, use the model as it is',
    );
  }
  for (const layer of all) {
    checkNoMask(layer);
    checkWrapped(layer);
  }
  return convertModel(model);
}

function convertModel(model: TopologyEntry): TopologyEntry {
  const layers = layersOf(model).map((layer): TopologyEntry => {
    if (layersOf(layer).length > 0) return convertModel(layer);
    // What lies beside class and configuration are the connections of a functional model.
    return isStockRecurrent(layer) ? { ...layer, ...convertLayer(layer) } : layer;
  });
  return { ...model, config: { ...model.config, layers } };
}

/** All layers, those of models inside among them. */
function nested(model: TopologyEntry): TopologyEntry[] {
  return layersOf(model).flatMap((layer) => [layer, ...nested(layer)]);
}

/** @throws ModelError for a layer that makes recurrent layers skip samples */
function checkNoMask({ class_name: className, config }: TopologyEntry): void {
  if (className !== 'Masking' && config.mask_zero !== true) return;
  throw new ModelError(
    `layer "${String(config.name)}": ${className === 'Masking' ? 'Masking' : 'maskZero'}: expected no mask, which Onda's layers cannot follow; train the model on sequences of equal length without it`,
  );
}

/** @throws ModelError for a recurrent layer inside of a layer that is not Bidirectional */
function checkWrapped({ class_name: className, config }: TopologyEntry): void {
  const inner = maybeEntry(config.layer);
  if (inner === undefined || className === 'Bidirectional' || !isStockRecurrent(inner)) return;
  throw new ModelError(
    `layer "${String(config.name)}": expected a recurrent layer by itself or in a Bidirectional, got one in a ${className}; build the model without it`,
  );
}
