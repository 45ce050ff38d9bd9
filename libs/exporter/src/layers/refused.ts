import { UnsupportedError } from '../errors.ts';
import type { LayerFamily, LayerRule } from './layerRule.ts';
import { eachSample } from './layerRule.ts';

/** A class that TensorFlow.js has and ONNX has not: why, and what to do instead. */
function refused(reason: string): LayerRule {
  return {
    convert: ({ options, className }) => {
      throw new UnsupportedError(`layer "${options.layer}": ${className} is not supported: ${reason}`);
    },
    timing: eachSample,
  };
}

export const refusedLayers = {
  RandomWidth: refused(
    'it draws another width at every call, in TensorFlow.js also outside of training; leave it out of the model that is exported',
  ),
} satisfies LayerFamily;
