/**
 * Transposes a matrix.
 *
 * @param values row-major, [rows, columns]
 * @returns a new array, row-major, [columns, rows]
 */
export function transpose(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  }
  return result;
}
