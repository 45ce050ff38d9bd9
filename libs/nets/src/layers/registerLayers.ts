import { serialization } from '@tensorflow/tfjs-core';
import { OndaBidirectional } from './ondaBidirectional.ts';
import { recurrentLayers } from './recurrentLayers.ts';

/**
 * Makes TensorFlow.js know the recurrent layers by name, so that it loads models that hold them. Calling it again does nothing new.
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
