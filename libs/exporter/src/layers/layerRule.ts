import type { LayerCall, LayerConverter } from './layerCall.ts';
import type { MaskRule } from './maskRules.ts';

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
export const eachSample = (): Timing => 'samples';

/** The timing of layers that do not. */
export const mixes = (how: string) => (): Timing => ({ mixes: how });
