import type { Tensor } from '@tensorflow/tfjs-core';
import { concat, split, tidy, zeros } from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { OndaBidirectional } from '../layers/ondaBidirectional.ts';
import { RecurrentLayer } from '../layers/recurrentLayer.ts';

type Layer = layers.Layer;
/** A layer that is a model. */
type Container = Layer & Pick<LayersModel, 'layers'>;

/** Gives the layers of a model the weights of those of the same name in the model that it was imported from. */
export function copyWeights(source: Pick<LayersModel, 'layers'>, target: Pick<LayersModel, 'layers'>): void {
  for (const [index, layer] of target.layers.entries()) {
    const from = source.layers[index];
    if (isContainer(layer) && isContainer(from)) copyWeights(from, layer);
    else {
      tidy(() => {
        layer.setWeights(weightsFor(layer, from.getWeights()));
      });
    }
  }
}

/** The weights of a stock layer as our layer has them. */
function weightsFor(layer: Layer, weights: Tensor[]): Tensor[] {
  if (layer instanceof RecurrentLayer) return recurrentWeights(layer, weights);
  if (layer instanceof OndaBidirectional) {
    const half = weights.length / 2;
    return [
      ...recurrentWeights(layer.forward, weights.slice(0, half)),
      ...recurrentWeights(layer.backward, weights.slice(half)),
    ];
  }
  return weights;
}

/**
 * Gates, side by side in columns:
 *
 *   LSTM  tfjs i f c o, ours i f g o
 *   GRU   tfjs z r h,   ours r z n
 *
 * TensorFlow.js has one bias or none, ours two that are added: the second is zeros.
 */
function recurrentWeights({ cell }: RecurrentLayer, [kernel, recurrentKernel, ...rest]: Tensor[]): Tensor[] {
  const columns = kernel.shape[1] ?? 0;
  const bias = rest.length > 0 ? rest[0] : zeros([columns]);
  const ordered = [kernel, recurrentKernel, bias].map((weight) =>
    cell === 'gru' ? resetGateFirst(weight) : weight,
  );
  return [...ordered, zeros([columns])];
}

/** Columns z, r, h as r, z, n. */
function resetGateFirst(weight: Tensor): Tensor {
  const axis = weight.shape.length - 1;
  const [z, r, h] = split(weight, 3, axis);
  return concat([r, z, h], axis);
}

function isContainer(layer: Layer): layer is Container {
  return 'layers' in layer && Array.isArray(layer.layers);
}
