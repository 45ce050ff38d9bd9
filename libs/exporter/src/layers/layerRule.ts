import { floatTensor } from '@onda/onnx';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { UnsupportedError } from '../errors.ts';
import type { ConstantHolder, GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { StateKeeper } from '../model/states.ts';
import type { MaskRule } from './masks.ts';

/**
 * What an output of a layer is when the samples of a sequence come in pieces:
 *
 *   samples  its axis 1 is time, and each sample of it follows from that sample and those before it
 *   latest   it follows from the last sample and the states, such as a recurrent layer's last output
 *   mixes    samples are mixed in a way that needs all of them at once; says how
 */
export type Timing = 'samples' | 'latest' | { readonly mixes: string };

/** All that the exporter knows of a class of layers. */
export interface LayerRule {
  /** Adds the nodes of one call, and says the shape of what it gives. */
  readonly convert: LayerConverter;
  /** The mask of what a call gives. Left out: none, as of the layers of TensorFlow.js that do not support masks. */
  readonly mask?: MaskRule;
  /** What an output is when the layer's input is samples that come in pieces. */
  readonly timing: (call: LayerCall, output: number) => Timing;
}

/** Rules by class. */
export type LayerFamily = Readonly<Record<string, LayerRule>>;

/** The timing of layers that treat every sample by itself. */
export const perSample = (): Timing => 'samples';

/** The timing of layers that do not. */
export const mixes = (how: string) => (): Timing => ({ mixes: how });

/** One call of a layer: what a converter turns into nodes. */
export interface LayerCall {
  readonly builder: GraphBuilder;
  /** Name of the layer, behind the names of the models that it is in: what its nodes are named by. */
  readonly path: string;
  readonly className: string;
  readonly options: LayerOptions;
  readonly weights: LayerWeights;
  /** At least one; a layer that must have [batch, time, ...] asks `batchMajor`. */
  readonly inputs: readonly Value[];
  /** The operator set that is written: some ops changed on the way. */
  readonly opset: number;
  /** Keeps states only for a layer whose samples come in pieces. */
  readonly states: StateKeeper;
  /** The mask that TensorFlow.js calls the layer with; null: none. */
  readonly mask: Mask | null;
  /** Takes a sentence on what a person should know of the layer's values: it becomes a warning of the export. */
  readonly note: (text: string) => void;
  /** Converts a layer that is inside this one, such as that of TimeDistributed. */
  readonly convertInner: (className: string, inner: InnerLayer) => readonly Value[];
}

/** A layer that is an option of another. */
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

/** A constant of the layer, one for all its calls. Returns its name. */
export function layerConstant(
  { builder, path }: Pick<LayerCall, 'builder' | 'path'>,
  part: string,
  dims: readonly number[],
  make: () => Float32Array,
): string {
  const name = `${path}/${part}`;
  return builder.shared(name, () => floatTensor(name, dims, make()));
}

/** Takes a layer's constants once, however often the layer is called: its calls have the same names for them. */
export function sharedConstants({ builder }: Pick<LayerCall, 'builder'>): ConstantHolder {
  return { constant: (tensor) => builder.shared(tensor.name, () => tensor) };
}

/**
 * Which samples of a sequence count. `spoilt`: TensorFlow.js has made it a shape that no layer can use; a layer that takes no notice of
 * masks is not troubled by it.
 */
export type Mask =
  | {
      /** bool, [batch, time], in either layout. */
      readonly value: Value;
      readonly spoilt?: undefined;
    }
  | { readonly spoilt: string };

/**
 * The axes that a layer's option `axis` names, from 0, in the order in which it lists them.
 *
 * @param fallback what no option means
 * @param one      whether there can be one alone
 * @throws UnsupportedError when one is the batch, is none of the input's, or is listed twice
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
    `layer "${options.layer}": axis: expected ${one ? 'one axis' : 'axes'} after the batch, 1 to ${rank - 1}, got ${JSON.stringify(given)}; take -1, the last one`,
  );
}
