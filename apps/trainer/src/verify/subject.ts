import { tensorNames } from '@onda/contract';
import type { Manifest, TensorSpec } from '@onda/contract';
import type { FloatTensor } from '@onda/runtime';

/** Values of several tensors by name. */
export type Floats = Readonly<Record<string, FloatTensor>>;

/** How values of an input are drawn: uniform about a center, or whole numbers below a bound, such as words. */
export type Range =
  { readonly center: readonly number[]; readonly spread: readonly number[] } | { readonly below: number };

/** A model as TensorFlow.js runs it, described as its file is: what ONNX Runtime is held against. */
export interface Subject {
  readonly manifest: Manifest;
  /** Inputs and outputs of the file without its states. */
  readonly inputs: readonly (TensorSpec & { readonly range: Range })[];
  readonly outputs: readonly TensorSpec[];
  /** Bound of a difference, relative to the largest value; that of float32 when left out. */
  readonly relative?: number;
  /** Every sequence from zero states; outputs by the file's names. */
  run(feeds: Floats): Floats;
}

/** The file's tensors that are not states. */
export function ownTensors({ tensors, state }: Manifest): { inputs: TensorSpec[]; outputs: TensorSpec[] } {
  const taken = new Set(stateNames(state).flatMap(({ input, output }) => [input, output]));
  const { inputs, outputs } = tensors.model;
  return {
    inputs: inputs.filter(({ name }) => !taken.has(name)),
    outputs: outputs.filter(({ name }) => !taken.has(name)),
  };
}

/** Names and sizes of the tensors [batch, size] that hold a model's states; none for a model that keeps nothing. */
export function stateNames(state: Manifest['state']): { input: string; output: string; size: number }[] {
  if (state === null) return [];
  if ('packing' in state) return state.rows.map(({ input, output, size }) => ({ input, output, size }));
  return [{ input: tensorNames.stateIn, output: tensorNames.stateOut, size: state.size }];
}
