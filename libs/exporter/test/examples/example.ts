import type { LayersModel } from '@tensorflow/tfjs-layers';

/** A model of TensorFlow.js's collection of examples, rebuilt: its layers and sizes, not its code or weights. */
export interface Example {
  /** Folder of the collection, and which of its models. */
  readonly name: string;
  readonly build: () => LayersModel;
  /** Sizes of the dims that the model leaves open, the batch first; taken in turn by each input. */
  readonly open: readonly number[];
  /** Whole numbers below this go in; left out: values in +-1. */
  readonly words?: number;
  /** Nodes that the exported graph has at most: what it has now. */
  readonly nodes: number;
  /** RNN, LSTM and GRU nodes among them. */
  readonly recurrent: number;
}
