import { UnsupportedError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall } from './layerCall.ts';
import type { Mask } from './mask.ts';

/** The mask of what a call gives, for all of its outputs, from those of its inputs (tfjs-layers: Layer.computeMask, as executor.js uses it). */
export type MaskRule = (call: LayerCall, masks: readonly (Mask | null)[]) => Mask | null;

/** Of layers that hand the mask of their first input on. */
export const keptMask: MaskRule = (_call, [first]) => first;

/** The mask that a layer works with, which must be one over the samples of its first input; undefined: none. */
export function usableMask({ mask, inputs: [x], options }: LayerCall): Value | undefined {
  if (mask === null) return undefined;
  if (mask.spoilt !== undefined) {
    throw new UnsupportedError(
      `layer "${options.layer}": its mask cannot be used, in TensorFlow.js neither: ${mask.spoilt}; mask after that layer, or not at all`,
    );
  }
  const { shape, timeMajor } = mask.value;
  const [batch, time] = timeMajor ? [shape[1], shape[0]] : shape;
  const [ownBatch, ownTime] = x.timeMajor ? [x.shape[1], x.shape[0]] : x.shape;
  if (shape.length === 2 && batch === ownBatch && time === ownTime) return mask.value;
  throw new UnsupportedError(
    `layer "${options.layer}": expected a mask [${ownBatch}, ${ownTime}] for its samples, got [${shape.join(', ')}]: TensorFlow.js hands the last mask on to every layer after it that has none; mask this layer's input too, or none`,
  );
}
