import type { TensorType } from './tensorTypes.ts';

/** A tensor of a file: a named dim is dynamic (`batch`, `time`, `samples`), a number is fixed. */
export interface TensorSpec {
  name: string;
  type: TensorType;
  shape: (string | number)[];
}

/** Inputs and outputs of a file. */
export interface TensorLists {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}

/** A part of the packed state row: `[offset, offset + size)` holds this layer's h or c. */
export interface StateRow {
  layer: string;
  kind: 'h' | 'c';
  offset: number;
  size: number;
}

/** All states in one row a sequence: tensors `state_in` and `state_out` [batch, size]. */
export interface PackedState {
  size: number;
  rows: StateRow[];
}

/**
 * Each state a tensor [batch, size] of its own, `input` before and `output` after the last sample. Rows come sorted by the names of
 * both; `offset` tells where a state lies in a row of all of them, for who keeps one row a sequence.
 */
export interface SeparateStates {
  packing: 'separate';
  size: number;
  rows: (StateRow & { input: string; output: string })[];
}

/** scaled = (value - center) / scale for each feature; the graph does it, callers see the data's own units. */
export interface Scaler {
  kind: 'none' | 'standard' | 'minmax';
  center: number[];
  scale: number[];
}
