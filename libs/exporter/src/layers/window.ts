import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, Timing } from './layerRule.ts';
import { transposed } from './reshaping.ts';

/** A sliding window over the spatial dims of an image, or over a sequence; one entry for each dim. */
export interface Window {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** causal: padding at the start only. */
  readonly padding: 'valid' | 'same' | 'causal';
}

/** One positive integer for each dim, given as a list or as one number for all. */
export function perDim(
  { options }: LayerCall,
  name: string,
  dims: number,
  fallback: readonly number[] | number,
): number[] {
  const given = options.get(name) ?? fallback;
  const list: unknown[] = Array.isArray(given) ? given : Array<unknown>(dims).fill(given);
  if (list.length === dims && list.every((value) => Number.isSafeInteger(value) && (value as number) >= 1)) {
    return list as number[];
  }
  throw new UnsupportedError(
    `layer "${options.layer}": ${name}: expected ${dims} integers of at least 1, got ${JSON.stringify(given)}; correct them`,
  );
}

export function paddingOf({ options }: LayerCall): 'valid' | 'same' {
  return options.choice('padding', ['valid', 'same'], 'valid');
}

/** Timing of a window over the spatial dims, with time as axis 1; `channels`: whether it combines channels. */
export function windowTiming(call: LayerCall, size: 'kernel_size' | 'pool_size', channels: boolean): Timing {
  if (channelsFirst(call)) return channels ? { mixes: 'it combines all samples as channels' } : 'samples';
  const dims = call.inputs[0].shape.length - 2;
  const sizes = perDim(call, size, dims, 2);
  const [stride] = perDim(call, 'strides', dims, size === 'pool_size' ? sizes : 1);
  if (sizes[0] === 1 && stride === 1) return 'samples';
  return { mixes: `its windows of ${sizes[0]} samples, ${stride} apart, span the ends of pieces` };
}

/** Whether channels come before the spatial dims. */
export function channelsFirst({ options }: LayerCall): boolean {
  const formats = ['channelsLast', 'channelsFirst', 'channels_last', 'channels_first'] as const;
  return options.choice('data_format', formats, 'channelsLast').endsWith('irst');
}

/** Attributes of Conv and pooling nodes. */
export function windowAttributes(window: Window, places: readonly Dim[]): Record<string, Attribute> {
  return {
    kernel_shape: attribute.ints(window.sizes),
    strides: attribute.ints(window.strides),
    ...(window.dilations.some((dilation) => dilation > 1) && { dilations: attribute.ints(window.dilations) }),
    ...paddings(window, places),
  };
}

/**
 * TensorFlow's `same`: output size ceil(size / stride), an odd padding goes to the end. With stride 1 it does not
 * depend on the size; otherwise auto_pad handles an unknown size.
 */
function paddings(window: Window, places: readonly Dim[]): Record<string, Attribute> {
  if (window.padding === 'valid') return {};
  if (window.padding === 'causal') {
    const reaches = window.sizes.map((size, dim) => (size - 1) * window.dilations[dim]);
    return { pads: attribute.ints([...reaches, ...reaches.map(() => 0)]) };
  }
  const totals = places.map((place, dim) => {
    const reach = (window.sizes[dim] - 1) * window.dilations[dim] + 1;
    if (window.strides[dim] === 1) return reach - 1;
    if (typeof place !== 'number') return null;
    return Math.max(0, (Math.ceil(place / window.strides[dim]) - 1) * window.strides[dim] + reach - place);
  });
  const known = totals.filter((total) => total !== null);
  if (known.length < totals.length) return { auto_pad: attribute.string('SAME_UPPER') };
  const before = known.map((total) => Math.floor(total / 2));
  return { pads: attribute.ints([...before, ...known.map((total, dim) => total - before[dim])]) };
}

/**
 * Warns of volumes with windows smaller than their stride. TensorFlow, Keras, tfjs-node and the file start the first window at the first element;
 * TensorFlow.js's JavaScript backends pad by a negative number and start inside (tfjs-core conv_util.ts,
 * get3DPadAndOutInfo lacks the max(0, ...) of the 2D case).
 *
 * @param places sizes of the spatial dims
 */
export function noteSmallWindows({ options, note }: LayerCall, window: Window, places: readonly Dim[]): void {
  const negative = window.sizes.some((size, dim) => {
    const place = places[dim];
    const stride = window.strides[dim];
    if (size >= stride) return false;
    return typeof place !== 'number' || (Math.ceil(place / stride) - 1) * stride + size < place;
  });
  if (window.sizes.length < 3 || window.padding !== 'same' || !negative) return;
  note(
    `layer "${options.layer}": its windows are smaller than their stride; the file gives the values of TensorFlow and tfjs-node, TensorFlow.js's other backends give others`,
  );
}

/** Output sizes of a window; unknown ones get a name. */
export function windowPlaces(name: string, window: Window, places: readonly Dim[]): Dim[] {
  return places.map((place, dim): Dim => {
    const stride = window.strides[dim];
    const reach = (window.sizes[dim] - 1) * window.dilations[dim] + 1;
    const padded = window.padding !== 'valid';
    if (padded && stride === 1) return place;
    if (typeof place !== 'number') return reach === 1 && stride === 1 ? place : `${name}/place:${dim}`;
    return padded ? Math.ceil(place / stride) : Math.floor((place - reach) / stride) + 1;
  });
}

/** [batch, ...spatial, channels] ---> [batch, channels, ...spatial], ONNX's layout. */
export function toChannelsFirst(call: LayerCall, x: Value): Value {
  const last = x.shape.length - 1;
  const places = Array.from({ length: last - 1 }, (_, dim) => dim + 1);
  return transposed(call, x, [0, last, ...places], `${call.path}/channels_first`);
}

/** [batch, channels, ...spatial] ---> [batch, ...spatial, channels]. */
export function toChannelsLast(call: LayerCall, x: Value): Value {
  const places = Array.from({ length: x.shape.length - 2 }, (_, dim) => dim + 2);
  return transposed(call, x, [0, ...places, 1], `${call.path}/channels_last`);
}
