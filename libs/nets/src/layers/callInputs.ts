import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { ConfigError } from '@onda/contract';

type ApplyArguments = Parameters<layers.Layer['apply']>;

/**
 * What a recurrent layer is applied to when TensorFlow.js's options of the call are given: an `initialState` among them follows x
 * in the list of inputs, where our layers take it.
 *
 * @throws ConfigError for a mask: every sample of every sequence counts
 */
export function callInputs(layer: string, ...[inputs, options]: ApplyArguments): ApplyArguments {
  const { initialState, mask, ...others } = options ?? {};
  if ([mask].flat().some((part) => part !== undefined && part !== null)) {
    throw new ConfigError(
      `layer "${layer}": expected no mask, got one from the layers below; take the masking away and give sequences of equal length`,
    );
  }
  if (initialState === undefined || initialState === null) return [inputs, options];
  return [[inputs, initialState].flat() as Tensor[], others];
}
