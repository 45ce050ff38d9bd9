import { floatTensor } from '@onda/onnx';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import type { ConstantHolder, GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { StateKeeper } from '../model/stateKeeper.ts';
import type { Mask } from './mask.ts';

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
export interface InnerLayer {
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
