import { floatTensor } from '@onda/onnx';
import type { CallArgument } from '../artifacts/layerCalls.ts';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import type { ModelSource } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import type { ConstantHolder, GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { StateKeeper } from '../model/states.ts';

/**
 * How an output depends on samples that come in pieces:
 *
 *   samples  axis 1 is time, and each sample depends on that input sample and earlier ones
 *   latest   depends on the last sample and the states, such as the last output of a recurrent layer
 *   mixes    needs all samples at once; says why
 */
export type Timing = 'samples' | 'latest' | { readonly mixes: string };

/** The export rule of a layer class. */
export interface LayerRule {
  /** Adds the nodes of one call; returns its outputs. */
  readonly convert: LayerConverter;
  /** The mask of the outputs. Without a rule they have none, as for layers without mask support. */
  readonly mask?: MaskRule;
  /** The mask of the outputs in a Keras model, where it differs from TensorFlow.js. */
  readonly kerasMask?: MaskRule;
  /** How an output depends on input samples that come in pieces. */
  readonly timing: (call: LayerCall, output: number) => Timing;
}

/** The mask of a call's outputs, from the masks of its inputs (Layer.computeMask in tfjs-layers, compute_mask in Keras). */
export type MaskRule = (call: LayerCall, masks: readonly (Mask | null)[]) => Mask | null;

/** Rules by layer class. */
export type LayerFamily = Readonly<Record<string, LayerRule>>;

/** Timing of layers that process each sample by itself. */
export const perSample = (): Timing => 'samples';

/** Timing of layers that need all samples at once. */
export const mixes = (how: string) => (): Timing => ({ mixes: how });

/** One call of a layer: the input of a converter. */
export interface LayerCall {
  readonly builder: GraphBuilder;
  /** The layer's name, prefixed by the names of its models; prefixes its nodes. */
  readonly path: string;
  readonly className: string;
  readonly options: LayerOptions;
  readonly weights: LayerWeights;
  readonly source: ModelSource;
  /** At least one, in either layout; `batchMajor` gives [batch, time, ...]. */
  readonly inputs: readonly Value[];
  /** The arguments of the call by name, besides a layer's first one. */
  readonly arguments: Readonly<Record<string, CallArgument>>;
  /** The opset of the file: some ops changed between versions. */
  readonly opset: number;
  /** Holds states only where the layer's input comes in pieces. */
  readonly states: StateKeeper;
  /** The mask that the layer is called with, or null. */
  readonly mask: Mask | null;
  /** The mask of each input. */
  readonly masks: readonly (Mask | null)[];
  /** Adds a warning of the export on the layer's values. */
  readonly note: (text: string) => void;
  /** Converts a wrapped layer, as of TimeDistributed. */
  readonly convertInner: (className: string, inner: InnerLayer) => readonly Value[];
}

/** A layer inside another layer's options. */
interface InnerLayer {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Value[];
}

/** Adds the nodes of one call of a layer; returns the call's outputs. */
export type LayerConverter = (call: LayerCall) => readonly Value[];

/** An input as [batch, time, ...]. */
export function batchMajor({ builder, inputs }: LayerCall, index = 0): Value {
  return builder.inLayout(inputs[index], false);
}

/** A constant of the layer, shared by its calls. Returns its name. */
export function layerConstant(
  { builder, path }: Pick<LayerCall, 'builder' | 'path'>,
  part: string,
  dims: readonly number[],
  make: () => Float32Array,
): string {
  const name = `${path}/${part}`;
  return builder.shared(name, () => floatTensor(name, dims, make()));
}

/** Shares a layer's constants between its calls. */
export function sharedConstants({ builder }: Pick<LayerCall, 'builder'>): ConstantHolder {
  return { constant: (tensor) => builder.shared(tensor.name, () => tensor) };
}

/**
 * Which samples of a sequence are unmasked. `unusable`: TensorFlow.js computes a mask of the wrong shape here; layers that ignore masks
 * still work.
 */
export type Mask =
  | {
      /** bool, [batch, time], in either layout. */
      readonly value: Value;
      readonly unusable?: undefined;
    }
  | { readonly unusable: string };

/**
 * The axes of a layer's option `axis`, non-negative, in the listed order.
 *
 * @param fallback of a missing option
 * @param one      whether only one axis is allowed
 * @throws UnsupportedError for the batch axis, an axis out of range, or a repeated one
 */
export function layerAxes({ options, inputs: [x] }: LayerCall, fallback: number, one = false): number[] {
  const given = options.get('axis') ?? fallback;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const rank = x.shape.length;
  const axes = list
    .map((axis) => (typeof axis === 'number' && axis < 0 ? axis + rank : axis))
    .filter((axis): axis is number => Number.isSafeInteger(axis) && Number(axis) > 0 && Number(axis) < rank);
  const whole = axes.length === list.length && new Set(axes).size === axes.length;
  if (whole && axes.length > 0 && (!one || axes.length === 1)) return axes;
  throw new UnsupportedError(
    `layer "${options.layer}": axis: expected ${one ? 'one axis' : 'axes'} after the batch, 1 to ${rank - 1}, got ${JSON.stringify(given)}; use -1 for the last axis`,
  );
}
