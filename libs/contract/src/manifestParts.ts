import type { TensorType } from './tensorTypes.ts';

/** A tensor of a file; named dims (`batch`, `time`, `samples`) are dynamic, numbers are fixed. */
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

/** A part of the packed state row: h or c of a layer at `[offset, offset + size)`. */
export interface StateRow {
  layer: string;
  kind: 'h' | 'c';
  offset: number;
  size: number;
}

/** All states packed in one row per sequence: tensors `state_in` and `state_out` [batch, size]. */
export interface PackedState {
  size: number;
  rows: StateRow[];
}

/**
 * One tensor [batch, size] per state: `input` before the first sample, `output` after the last. Rows are sorted by both names; `offset`
 * is the position of the state when all are packed in one row.
 */
export interface SeparateStates {
  packing: 'separate';
  size: number;
  rows: (StateRow & { input: string; output: string })[];
}

/** scaled = (value - center) / scale per feature. Scaling is inside the graph; callers use the units of the data. */
export interface Scaler {
  kind: 'none' | 'standard' | 'minmax' | 'robust';
  center: number[];
  scale: number[];
}
