/** One of the outputs of a call of a layer. */
export interface LayerOutput {
  readonly layer: string;
  /** Which call of the layer, from 0: a shared layer has more than one. */
  readonly call: number;
  /** Which of the call's outputs, from 0. */
  readonly output: number;
}

/** A layer: its class, options, and what each of its calls takes. */
export interface TopologyLayer {
  readonly name: string;
  readonly className: string;
  /** Options, with keys in Python's style: `return_sequences`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly (readonly LayerOutput[])[];
}

/** A model as a graph of layers; a sequential one is a chain. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly TopologyLayer[];
  readonly inputs: readonly LayerOutput[];
  readonly outputs: readonly LayerOutput[];
}
