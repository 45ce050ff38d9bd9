import { sampleAt } from '../sampleAt.ts';
import type { RecurrentSizes } from './cpuCell.ts';
import type { Matrix } from './matrix.ts';
import { rowsOf } from './matrix.ts';

/** Writes `values`, plus `more` when given, into every row; a row is `values.length` long. */
export function fillRows(rows: number, target: Matrix, values: Float32Array, more?: Float32Array): void {
  const row = more === undefined ? values : values.map((value, index) => value + more[index]);
  for (let i = 0; i < rows; i++) target.data.set(row, target.offset + i * target.rowStride);
}

/** Copies `width` columns of each row. */
export function copyRows(rows: number, width: number, source: Matrix, target: Matrix): void {
  for (let i = 0; i < rows; i++) {
    const from = source.offset + i * source.rowStride;
    const to = target.offset + i * target.rowStride;
    for (let j = 0; j < width; j++) target.data[to + j] = source.data[from + j];
  }
}

/** Adds up the rows: `sums[j]` is the sum of column j, for as many columns as `sums` has from `firstSum` on. */
export function addColumnSums(
  rows: number,
  width: number,
  source: Matrix,
  sums: Float32Array,
  firstSum = 0,
): void {
  for (let j = 0; j < width; j++) {
    let sum = 0;
    let at = source.offset + j;
    for (let i = 0; i < rows; i++) {
      sum += source.data[at];
      at += source.rowStride;
    }
    sums[firstSum + j] += sum;
  }
}

/**
 * h as each sample found it, [batch, time, units]: y one sample later, and h0 where the walk starts. It makes the gradient of the
 * recurrent weights one product over all samples.
 */
export function previousStates(
  y: Float32Array,
  h0: Float32Array,
  { batch, time, units }: RecurrentSizes,
  reverse: boolean,
): Float32Array {
  const previous = new Float32Array(y.length);
  if (reverse) previous.set(y.subarray(units));
  else previous.set(y.subarray(0, y.length - units), units);
  const first = rowsOf(previous, time * units, sampleAt(0, time, reverse) * units);
  copyRows(batch, units, rowsOf(h0, units), first);
  return previous;
}
