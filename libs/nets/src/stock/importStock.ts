import { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { registerLayers } from '../layers/registerLayers.ts';
import { convertTopology } from './convertTopology.ts';
import { copyWeights } from './copyWeights.ts';
import type { TopologyEntry } from './topology.ts';

/**
 * A copy of a TensorFlow.js model whose SimpleRNN, LSTM and GRU layers, and Bidirectional ones of them, are Onda's: the same
 * predictions, in less time. Every other layer stays as it is. Trained on, it goes another way than the model would, as our layers
 * have PyTorch's two bias vectors.
 *
 * @param model sequential or functional; it stays as it is, and the copy shares no weights with it
 * @throws ModelError naming the first layer that has no equal among ours, and why
 * @example
 * const model = await importStock(await tf.loadLayersModel('file://model.json'));
 */
export async function importStock(model: LayersModel): Promise<LayersModel> {
  const topology = convertTopology(model.toJSON(null, false) as unknown as TopologyEntry);
  registerLayers();
  const copy = await loadLayersModel(io.fromMemory({ modelTopology: topology }));
  copyWeights(model, copy);
  return copy;
}
