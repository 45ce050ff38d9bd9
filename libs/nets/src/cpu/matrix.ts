import { sampleAt } from '../recurrentOp.ts';
import type { RecurrentSizes } from './cpuCell.ts';

/**
 * A view of a matrix in a flat array: element (i, j) is `data[offset + i * rowStride + j * columnStride]`. A transposed matrix is the
 * same data with the strides swapped. `offset` is writable, so that a loop over time can reuse the view.
 */
export interface Matrix {
  readonly data: Float32Array;
  offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** A row-major view: rows `rowStride` values apart, starting at `offset`. */
export function rowsOf(data: Float32Array, rowStride: number, offset = 0): Matrix {
  return { data, offset, rowStride, columnStride: 1 };
}

/** The transpose of a row-major view: rows `rowStride` values apart, starting at `offset`. */
export function transposeOf(data: Float32Array, rowStride: number, offset = 0): Matrix {
  return { data, offset, rowStride: 1, columnStride: rowStride };
}

/** Rows of `b` that are copied at once: 4 columns of doubles fit in the L1 cache. */
const PANEL_ROWS = 256;
const PANEL_COLUMNS = 4;
const panel = new Float64Array(PANEL_ROWS * PANEL_COLUMNS);
/** Below this many rows of `a`, copying a panel costs more than it saves. */
const FEW_ROWS = 4;

/**
 * Adds a matrix product: c += a b. Sums are in double precision and rounded once (with 4 rows or more in `a`, once per 256 terms).
 * The order of summation depends only on the sizes, so results are deterministic.
 *
 * @param rows    of a and c
 * @param columns of b and c
 * @param terms   columns of a, rows of b
 * @param c       rows with a column stride of 1
 */
export function addProduct(
  rows: number,
  columns: number,
  terms: number,
  a: Matrix,
  b: Matrix,
  c: Matrix,
): void {
  if (rows < FEW_ROWS) {
    for (let i = 0; i < rows; i++) addRowProduct(i, columns, terms, a, b, c);
    return;
  }
  for (let start = 0; start < terms; start += PANEL_ROWS) {
    const depth = Math.min(PANEL_ROWS, terms - start);
    for (let column = 0; column < columns; column += PANEL_COLUMNS) {
      const width = Math.min(PANEL_COLUMNS, columns - column);
      fillPanel(b, start, depth, column, width);
      addPanelProduct(rows, a, start, depth, c, column, width);
    }
  }
}

/** Copies `depth` rows and `width` columns of b; missing columns are zeros. */
function fillPanel(b: Matrix, start: number, depth: number, column: number, width: number): void {
  const { data, rowStride, columnStride } = b;
  let at = b.offset + start * rowStride + column * columnStride;
  if (width === PANEL_COLUMNS) {
    for (let p = 0; p < depth * 4; p += 4) {
      panel[p] = data[at];
      panel[p + 1] = data[at + columnStride];
      panel[p + 2] = data[at + 2 * columnStride];
      panel[p + 3] = data[at + 3 * columnStride];
      at += rowStride;
    }
    return;
  }
  for (let p = 0; p < depth * 4; p += 4) {
    for (let j = 0; j < PANEL_COLUMNS; j++) panel[p + j] = j < width ? data[at + j * columnStride] : 0;
    at += rowStride;
  }
}

/** Multiplies two rows of a at a time: eight sums and the operands fit in the registers. */
function addPanelProduct(
  rows: number,
  a: Matrix,
  start: number,
  depth: number,
  c: Matrix,
  column: number,
  width: number,
): void {
  const { data, rowStride, columnStride } = a;
  const end = depth * PANEL_COLUMNS;
  for (let i = 0; i < rows; i += 2) {
    // With an odd number of rows the last one is multiplied twice, which is cheaper than a second loop.
    const second = i + 1 < rows ? i + 1 : i;
    let p0 = a.offset + start * columnStride + i * rowStride;
    let p1 = a.offset + start * columnStride + second * rowStride;
    let s00 = 0;
    let s01 = 0;
    let s02 = 0;
    let s03 = 0;
    let s10 = 0;
    let s11 = 0;
    let s12 = 0;
    let s13 = 0;
    for (let q = 0; q < end; q += 4) {
      const b0 = panel[q];
      const b1 = panel[q + 1];
      const b2 = panel[q + 2];
      const b3 = panel[q + 3];
      const a0 = data[p0];
      const a1 = data[p1];
      s00 += a0 * b0;
      s01 += a0 * b1;
      s02 += a0 * b2;
      s03 += a0 * b3;
      s10 += a1 * b0;
      s11 += a1 * b1;
      s12 += a1 * b2;
      s13 += a1 * b3;
      p0 += columnStride;
      p1 += columnStride;
    }
    addSums(c, i, column, width, s00, s01, s02, s03);
    if (second !== i) addSums(c, second, column, width, s10, s11, s12, s13);
  }
}

function addSums(
  c: Matrix,
  row: number,
  column: number,
  width: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
): void {
  const at = c.offset + row * c.rowStride + column;
  c.data[at] += s0;
  if (width > 1) c.data[at + 1] += s1;
  if (width > 2) c.data[at + 2] += s2;
  if (width > 3) c.data[at + 3] += s3;
}

/** Multiplies one row of a with eight columns of b at a time: eight independent sums hide the latency of the additions. */
function addRowProduct(row: number, columns: number, terms: number, a: Matrix, b: Matrix, c: Matrix): void {
  const { data: aData, columnStride: aStep } = a;
  const { data: bData, rowStride: bStep, columnStride: next } = b;
  const aStart = a.offset + row * a.rowStride;
  const cStart = c.offset + row * c.rowStride;
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    let s6 = 0;
    let s7 = 0;
    let at = aStart;
    let q = b.offset + j * next;
    for (let p = 0; p < terms; p++) {
      const value = aData[at];
      s0 += value * bData[q];
      s1 += value * bData[q + next];
      s2 += value * bData[q + 2 * next];
      s3 += value * bData[q + 3 * next];
      s4 += value * bData[q + 4 * next];
      s5 += value * bData[q + 5 * next];
      s6 += value * bData[q + 6 * next];
      s7 += value * bData[q + 7 * next];
      at += aStep;
      q += bStep;
    }
    c.data[cStart + j] += s0;
    c.data[cStart + j + 1] += s1;
    c.data[cStart + j + 2] += s2;
    c.data[cStart + j + 3] += s3;
    c.data[cStart + j + 4] += s4;
    c.data[cStart + j + 5] += s5;
    c.data[cStart + j + 6] += s6;
    c.data[cStart + j + 7] += s7;
  }
  for (; j < columns; j++) {
    let sum = 0;
    let at = aStart;
    let q = b.offset + j * next;
    for (let p = 0; p < terms; p++) {
      sum += aData[at] * bData[q];
      at += aStep;
      q += bStep;
    }
    c.data[cStart + j] += sum;
  }
}

/** Sets every row to `values`, plus `more` if given; a row has `values.length` columns. */
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

/** Adds the sum of column j to `sums[firstSum + j]`, for `width` columns. */
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
 * h_(t-1) of every sample, [batch, time, units]: y shifted by one sample, with h0 at the first one processed. With it the gradient of
 * the recurrent weights is one product over all samples.
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
