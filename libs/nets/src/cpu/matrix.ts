/**
 * A view of a matrix in a flat array: element (i, j) is `data[offset + i * rowStride + j * columnStride]`. A transposed matrix is the
 * same data with the strides swapped. `offset` may be moved, so that a loop over time needs no new view.
 */
export interface Matrix {
  readonly data: Float32Array;
  offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** A view of rows that lie `rowStride` values apart, starting at `offset`. */
export function rowsOf(data: Float32Array, rowStride: number, offset = 0): Matrix {
  return { data, offset, rowStride, columnStride: 1 };
}

/** The transposed matrix of rows that lie `rowStride` values apart, starting at `offset`. */
export function transposeOf(data: Float32Array, rowStride: number, offset = 0): Matrix {
  return { data, offset, rowStride: 1, columnStride: rowStride };
}
