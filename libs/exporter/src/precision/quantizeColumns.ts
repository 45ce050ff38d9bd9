/** A matrix in whole numbers: value = q * scale of its column. */
export interface QuantizedColumns {
  /** Row-major, [rows, columns], -64 to 64. */
  readonly values: Int8Array;
  /** [columns] */
  readonly scales: Float32Array;
}

/**
 * Seven of eight bits: kernels for CPUs without VNNI add products of two weights and two inputs in 16 bits, and 2 x 255 x 64 still
 * fits there. With eight bits those CPUs would give other values than newer ones.
 */
const largest = 64;

/** Quantizes each column by its own scale, rounding to the nearest; a column of zeros has scale 1. */
export function quantizeColumns(data: Float32Array, rows: number, columns: number): QuantizedColumns {
  const scales = new Float32Array(columns);
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]) / largest;
    if (size > scales[i % columns]) scales[i % columns] = size;
  }
  for (let column = 0; column < columns; column++) scales[column] ||= 1;
  const values = new Int8Array(rows * columns);
  for (let i = 0; i < values.length; i++) values[i] = Math.round(data[i] / scales[i % columns]);
  return { values, scales };
}
