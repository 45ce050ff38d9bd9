/** How a weight lies in the weight bytes. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Values stored as `stored * scale + min` in `dtype`, or as half floats. */
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** What TensorFlow.js calls model artifacts, as far as an export needs them: `tf.io.ModelArtifacts` fits. */
export interface LayersArtifacts {
  /** The parsed topology of model.json, as `model.toJSON(null, false)` gives it. */
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly WeightEntry[];
  /** All weights' bytes, one after the other in the order of the specs; in one buffer or cut into several. */
  readonly weightData?: ArrayBuffer | readonly ArrayBuffer[];
}
