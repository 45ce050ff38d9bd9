import { serialization } from '@tensorflow/tfjs-core';
import { OndaBidirectional } from './ondaBidirectional.ts';
import { recurrentLayers } from './recurrentLayers.ts';

/**
 * Registers the recurrent layers with TensorFlow.js, so that it can load models that contain them. Idempotent.
 *
 * @example
 * registerLayers();
 * const model = await tf.loadLayersModel('file://model.json');
 */
export function registerLayers(): void {
  for (const layer of Object.values(recurrentLayers))
    serialization.registerClass<serialization.Serializable>(layer);
  serialization.registerClass(OndaBidirectional);
}
