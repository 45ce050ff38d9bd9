import type { Value } from '../graph/value.ts';
import { emitActivation, isOverAxis } from './activations.ts';
import type { LayerCall } from './layerCall.ts';
import { channelsFirst, toChannelsFirst, toChannelsLast } from './window.ts';

/**
 * What a convolution put out, channels first, with the layer's activation and in the layer's order of dims. An activation value by value comes
 * before the channels go last, so that the next convolution takes its values as they are.
 *
 * @param alwaysOverChannels whether softmax is over channels, also where they come first
 */
export function emitActive(call: LayerCall, y: Value, alwaysOverChannels = false): Value {
  const { builder, path, options } = call;
  const first = channelsFirst(call);
  if (!isOverAxis(options) || (first && !alwaysOverChannels)) {
    const active = emitActivation(builder, path, y, options);
    return first ? active : toChannelsLast(call, active);
  }
  const active = emitActivation(builder, path, toChannelsLast(call, y), options);
  return first ? toChannelsFirst(call, active) : active;
}
