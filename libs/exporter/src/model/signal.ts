import type { Weight } from '../artifacts/readWeights.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { Mask } from '../layers/mask.ts';
import type { StateKeeper } from './stateKeeper.ts';

/** What all layers of a model are converted with. */
export interface Conversion {
  readonly builder: GraphBuilder;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  readonly states: StateKeeper;
  /** How many layers a model inside is behind; none when left out. */
  readonly depth?: number;
  /** Takes a sentence on what a person should know of a layer's values. */
  readonly note?: (text: string) => void;
}

/**
 * What a value is when sequences come in pieces:
 *
 *   samples  axis 1 is the time that comes in pieces
 *   latest   it follows from the last sample, as a recurrent layer's last output does
 *   fixed    it has nothing to do with that time, and comes whole with every piece
 */
export type Stream = 'samples' | 'latest' | 'fixed';

/** A value on its way from layer to layer. */
export interface Signal {
  readonly value: Value;
  readonly mask: Mask | null;
  readonly stream: Stream;
}

/**
 * The mask that TensorFlow.js calls layers with. Its executor (tfjs-layers executor.js, execute) hands one object of arguments to layer
 * after layer once a mask has come up, so that the last mask also reaches layers after it whose inputs have none; and into models that are
 * layers.
 */
export interface PassedMask {
  shared: boolean;
  mask: Mask | null;
}

/** Notes the mask that comes up with a layer's inputs: that of the first one, also when only another has one. */
export function takeMask(passed: PassedMask, inputs: readonly Signal[]): void {
  if (inputs.every(({ mask }) => mask === null)) return;
  passed.shared = true;
  passed.mask = inputs[0].mask;
}
