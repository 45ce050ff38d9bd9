import type { Arbitrary } from 'fast-check';

/** A layer as data: a function of tf.layers by its name, and its options. An option may be a layer or cell itself. */
export interface LayerPlan {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Values of an input: uniform in +-1, whole numbers below a bound (words), or uniform with whole samples of one value (to be masked). */
export type Draw = 'uniform' | { readonly masked: number } | { readonly below: number };

export interface InputPlan {
  /** Without the batch; null: the time, known at run time only. */
  readonly shape: readonly (number | null)[];
  readonly draw: Draw;
}

/** One call of a layer on values: inputs are numbered first, then each call's results in turn. */
export interface CallPlan {
  readonly layer: LayerPlan;
  readonly from: readonly number[];
  /** How many values it gives. */
  readonly results: number;
}

/** A whole model as data: drawn at random, made smaller when it fails, printed, built again. */
export interface ModelPlan {
  readonly inputs: readonly InputPlan[];
  readonly calls: readonly CallPlan[];
  /** Exported with the states of its recurrent layers as input and output. */
  readonly stateful: boolean;
  /** Seed of weights and inputs. */
  readonly seed: number;
}

/** A kind of models: one entry of the matrix. */
export interface Family {
  readonly name: string;
  /** Cases among all, relative to the other families. */
  readonly share: number;
  /** Smallest length that its layers take. */
  readonly leastTime: number;
  /** Whether this family is exported to nodes with subgraphs; false: it must not have any. */
  readonly subgraphs: boolean;
  readonly plan: Arbitrary<ModelPlan>;
}
